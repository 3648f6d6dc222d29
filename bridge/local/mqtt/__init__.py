"""MQTT: the State for brokers and Home Assistant, and commands from there where the owner allows them."""
