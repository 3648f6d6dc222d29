"""The instruments of the wallbox: an ordinary process. A jammed serial driver only makes readings old."""
