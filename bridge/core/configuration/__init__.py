"""PURE: the configuration keys of OCPP 1.6 chapter 9, and the values in force."""
