"""How far a rack goes: waiting, throughput and the units that a deadline needs, simulated from what the history has seen.

``model`` says what is simulated, ``fitted`` takes it from the history, ``engine`` plays it (SimPy, discrete events), ``needed``
asks it how many units a deadline takes. All times are simulated seconds; nothing here is measured.
"""
