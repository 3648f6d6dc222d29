"""Builds the Debian packages and the bundles for updates, of what is committed."""
