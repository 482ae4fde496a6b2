"""Values every decision is made of: Actor, principals, Action, Basis, the role table and the released values. No tables, no HTTP."""
