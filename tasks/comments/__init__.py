"""What comments say: sentiment and theme by text models that learn from labelled comments of the company's own.

Texts are contact data: they are read in `staging`, and no word of them leaves this room; what the models learned is in
memory only, for as long as a run scores with it.
"""
