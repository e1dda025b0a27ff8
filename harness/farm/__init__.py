"""Many units: their health and recovery, work spread over them, whole nights, and how far that goes."""
