"""Long errands for the Central System: uploads, downloads, the installer. They do I/O and decide nothing."""
