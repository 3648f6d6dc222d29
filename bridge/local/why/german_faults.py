"""PURE: each fault of `hal.safety` in German: what it means, what to do."""

from __future__ import annotations

_DOCTOR_METER = "Siehe die Zeilen von evse-bridge doctor zum Zähler."
_PILOT_WIRING = "Die Leitung des Pilotsignals, den Wandler und seine Versorgung prüfen."
# Fault.id -> what it means, what to do.
FAULTS = {
    "welded": (
        "das Schütz öffnet nicht, seine Kontakte sind verschweißt",
        "Die Box am Leitungsschutzschalter abschalten. Eine Elektrofachkraft tauscht das Schütz.",
    ),
    "did_not_close": (
        "das Schütz sollte schließen, aber sein Spiegelkontakt meldet offen",
        "Versorgung und Treiber der Spule und die Leitung des Spiegelkontakts prüfen.",
    ),
    "watchdog_line": (
        "das Schütz schloss, obwohl seine Überwachungsleitung ruhte; bei einem Absturz bliebe es geschlossen",
        "Die Schaltung an contactor.watchdog_pin prüfen: nur Flanken dürfen die Spule halten.",
    ),
    "contactor_cycling": (
        "das Schütz hat in kurzer Zeit zu oft geschaltet",
        "Herausfinden, warum das Auto so oft beginnt und aufhört. Nach einigen Minuten geht es weiter.",
    ),
    "diode_missing": (
        "die negative Halbwelle fehlt, im Auto wurde keine Diode gesehen",
        "Ein anderes Auto oder ein Prüfgerät versuchen. Bleibt der Fehler, Pilotleitung und -15 V prüfen.",
    ),
    "pilot_short": (
        "das Pilotsignal ist gegen Erde kurzgeschlossen",
        "Kabel, Stecker und die Leitung des Pilotsignals prüfen.",
    ),
    "pilot_out_of_range": (
        "das Pilotsignal hat eine Spannung, die kein gesundes hat",
        f"{_PILOT_WIRING} gain und offset unter [pilot] mit einem Voltmeter vergleichen.",
    ),
    "pilot_circuit": (
        "die Box liest nicht die Spannung zurück, die sie als Pilotsignal ausgibt",
        f"{_PILOT_WIRING} Den PWM-Ausgang und die ±15 V prüfen.",
    ),
    "pilot_source": (
        "die Quelle des Pilotsignals liegt nicht bei +12 V und -12 V",
        "Die 3,0-V-Referenz prüfen, dann die Widerstände der Quelle. evse-bridge doctor zeigt die Spannung.",
    ),
    "pilot_noise": (
        "Störungen auf dem Pilotsignal öffnen das Schütz",
        "Die Pilotleitung von der Netzleitung entfernt verlegen, Erde und Kabel prüfen. evse-bridge doctor "
        "zeigt Volt und Hertz.",
    ),
    "not_closing": (
        "ein Auto fragt nach Strom, aber das Schütz schließt nicht",
        "evse-bridge doctor nennt die fehlenden Bedingungen.",
    ),
    "ventilation": (
        "das Auto verlangt Lüftung (Zustand D), und diese Box hat keine",
        "So ein Auto kann hier nicht laden. Tun es andere auch, die Pilotleitung auf Kurzschluss prüfen.",
    ),
    "proximity_implausible": (
        "die Kodierung des Kabels ist nicht lesbar (unter 75 Ohm)",
        "Ein anderes Kabel versuchen. Bleibt der Fehler, die Proximity-Leitung auf Kurzschluss prüfen.",
    ),
    "plug_lost": (
        "der Stecker wurde beim Laden gezogen",
        "Die Verriegelung und die Proximity-Leitung prüfen.",
    ),
    "rating_lost": (
        "die Kodierung des Kabels ging beim Laden verloren",
        "Das Kabel und die Proximity-Leitung prüfen.",
    ),
    "lock_failed": (
        "die Verriegelung des Kabels schließt nicht",
        "Steckt der Stecker ganz? Sonst Motor und Stecker der Verriegelung und ihren Kontakt prüfen.",
    ),
    "unlock_failed": (
        "die Verriegelung des Kabels öffnet nicht",
        "Motor und Stecker der Verriegelung und ihren Kontakt prüfen.",
    ),
    "lock_opened": (
        "die Rückmeldung der Verriegelung ging beim Laden verloren",
        "Den Bolzen und die Leitung der Rückmeldung prüfen.",
    ),
    "over_current": (
        "das Auto nahm mehr Strom, als angeboten war",
        "Ein anderes Auto versuchen. Den Strom des Zählers mit einer Stromzange vergleichen.",
    ),
    "over_temperature": (
        "die Kontakte sind heiß, es wird weniger angeboten",
        "Bei abgeschalteter Versorgung nach einer losen Klemme oder einem verschlissenen Kontakt suchen.",
    ),
    "overheated": (
        "die Kontakte sind zu heiß, das Laden wurde beendet",
        "Bei abgeschalteter Versorgung nach einer losen Klemme oder einem verschlissenen Kontakt suchen.",
    ),
    "thermometer_lost": (
        "das Thermometer an den Kontakten antwortet nicht",
        "Seine Leitung prüfen, und dtoverlay=w1-gpio in config.txt.",
    ),
    "rcm_trip": (
        "die Fehlerstromüberwachung hat ausgelöst, oder ihre Leitung ist unterbrochen",
        "Auto und Kabel auf einen Isolationsfehler prüfen, ein anderes Auto versuchen. Dann die Leitung "
        "der Überwachung prüfen.",
    ),
    "rcm_test_failed": (
        "die Fehlerstromüberwachung hat ihren Selbsttest nicht bestanden",
        "Die Leitungen für Test und Ausgang prüfen. Sind sie in Ordnung, die Überwachung tauschen.",
    ),
    "emergency_stop": (
        "der Not-Halt wurde gedrückt, oder seine Leitung ist unterbrochen",
        "Ihn lösen, oder die Leitung prüfen.",
    ),
    "stop_circuit": (
        "der Stopptaster klemmt, oder seine Leitung ist unterbrochen",
        "Den Taster und seine Leitung prüfen.",
    ),
    "meter_lost": ("der Stromzähler liefert keine Werte", _DOCTOR_METER),
    "meter_implausible": (
        "die Werte des Stromzählers können nicht stimmen, oder er zählt nicht, was fließt",
        f"{_DOCTOR_METER} Sie sagen, wie herum er anzuschließen ist.",
    ),
    "reader_lost": (
        "der Kartenleser fehlt",
        "Siehe die Zeilen von evse-bridge doctor zum Kartenleser.",
    ),
    "under_voltage": (
        "die Versorgungsspannung des Raspberry Pi ist zu niedrig",
        "Ein stärkeres Netzteil (5,1 V) mit einem kurzen, dicken Kabel verwenden.",
    ),
    "loop_late": (
        "hal.safety kam beim Laden zu spät zum Zug",
        "hal.safety mit Echtzeitpriorität starten. Andere Programme beenden, die den Rechner auslasten.",
    ),
    "hal_restarting": (
        "hal.safety startete zu oft, während ein Auto lud",
        "Das Protokoll lesen (journalctl -u evse-safety), bevor jemand diesen Fehler löscht.",
    ),
    "lost_state": (
        "der gespeicherte Zustand von hal.safety ist nicht lesbar, ein bleibender Fehler kann fehlen",
        "Das Schütz von Hand prüfen, und den Datenträger, bevor jemand diesen Fehler löscht.",
    ),
    "state_not_kept": (
        "hal.safety kann seinen Zustand nicht speichern, nach einem Neustart würden bleibende Fehler fehlen",
        "Siehe die Zeilen von evse-bridge doctor zum freien Platz und zum Zustandsordner.",
    ),
}
