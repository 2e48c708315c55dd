"""Looking back at what was done: campaigns, checks, spot checks and their ledgers, debriefs of secretaries.

Findings are pushed down into ``rectification``; nothing below knows this room.
"""
