"""Roadshows and who takes part (（十）1 路演).

A *roadshow* is organised by the operator for named audiences: draft -> open <-> closed, and cancelled at the end. A
*registration* gives one person of an organisation a seat: registered -> cancelled. Seats cannot be exceeded; how many are
taken is known to the operator alone, others learn 有余位 or 已满. Organisations that take part are the ring `event:<ref>` while
the roadshow lasts.
"""
