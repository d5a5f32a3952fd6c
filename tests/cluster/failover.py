def missing(): return "later"
