"""PURE: the plug in the socket: proximity pilot and cable lock."""
