"""The virtual board: a STM32F446RE in a process of its own. Knows nothing of the rest of the harness."""
