"""Plans with `continuous`: recordings are played to the board, which makes features, runs the network and decides by itself.

playing    what is played, and by which front end and rule         config     what the firmware's build must know of it
workload   the case before the run                                 simulate   what the host makes of the same hops
answers    what the board said of each hop                         parity     where host and board part, stage by stage
"""
