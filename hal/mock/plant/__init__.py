"""PURE: the physics of box and car; the scenarios and the tests of the core use it too."""
