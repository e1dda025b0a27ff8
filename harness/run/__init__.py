"""The road from a case to its record: plan, build, flash, stream, score, judge; and whose fault it was if it broke off.

    runner      Case -> Record, the road itself             streaming   one case on an open unit: journal, log, speed, rescue
    product     the image, built or given                   workload    the data set as bytes, the reference's outputs
    bring_up    flashed, read back, who it says it is       scoring     answers -> samples -> measurements
    inside      the first layer that differs                blame       whose fault an error was, in one table
    journal     what survives a killed run                  dut         the same road for a test of one's own
    options     what a run is told from outside             watch       how it says that it lives
    claim       a report directory is one run's

A step is one function and one frozen type. Bytes on the line belong in ``session``, statistics in ``verdict``, files for
people in ``evidence``. A new step is a module of its own, called from ``runner``.
"""
