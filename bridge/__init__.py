"""The charge point: the OCPP 1.6J conversation, who may charge and how much. It can only ask for current."""
