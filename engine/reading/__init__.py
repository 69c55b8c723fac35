"""Nodes into declarations: one module per kind of declaration, each reader schema-driven and never raising.

Where a value cannot be read it is reported, and a stand-in of the right type takes its place, so that later passes find
no second fault in the first.
"""
