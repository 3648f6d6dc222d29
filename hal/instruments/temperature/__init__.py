"""Temperatures and supply: the thermometer at the contacts, the chip of the Pi, its voltage."""
