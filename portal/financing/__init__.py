"""Credit products and loan applications (（十）3 专属信贷产品, 新疆 助贷).

A *credit product* is what a lender (bank, micro lender, lessor, factor) offers to the board's enterprises, in its own terms:
draft -> open <-> closed. It stands on the shelf of the enterprises it is meant for and of nobody else's. An *application*
belongs to two parties, the lender and the enterprise: submitted -> accepted | declined (by the lender) | withdrawn (by the
enterprise). It keeps the terms under which it was made.
"""
