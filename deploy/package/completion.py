"""PURE: completion for bash, without starting Python at every key: on a small Pi that takes seconds."""

from __future__ import annotations

from deploy.package.commands import Command

_SCRIPT = """\
# Completion of evse-bridge for bash, made from its commands.
_evse_bridge()
{{
    local word path= words= cur=${{COMP_WORDS[COMP_CWORD]}}
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$path/$word" in
            {paths}) path=$path/$word ;;
        esac
    done
    case "$path" in
{cases}
    esac
    [[ $cur != -* ]] || words=${{words#* : }}
    [[ $cur == -* ]] || words=${{words% : *}}
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
# Where nothing of ours fits: names of files.
complete -o default -F _evse_bridge evse-bridge
"""


def completion(program: Command) -> str:
    """Returns the script: of each command its commands, ` : `, its options."""
    known = list(program.walk())
    paths = "|".join(_path(each) for each in known[1:])
    cases = "\n".join(f"        '{_path(each)}') words='{_words(each)}' ;;" for each in known)
    return _SCRIPT.format(paths=paths, cases=cases)


def _path(command: Command) -> str:
    return "".join(f"/{word}" for word in command.words[1:])


def _words(command: Command) -> str:
    commands = " ".join(each.words[-1] for each in command.commands)
    return f"{commands} : {' '.join([*command.options, '--help'])}"
