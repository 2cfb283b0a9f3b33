"""Three small products to learn from, each in one file, as a designer outside this project would write them.

    wall_hook    an outline pulled out, fillets and chamfers chosen by where their edges are, drilled holes, a choice that changes
                 the holes, rules between parameters (a screwdriver must pass over the tip), a pose that prints without supports
    shaft_knob   a revolved foot, a lofted grip, a bore that is as wide as the process's clearance wants, assumptions that are told
    napkin_ring  a name on a tagged curved face, sunk or raised, made so that the process can show it, or refused with what would do

To write your own, take one of them as a file, give it another key, and change it:

    sed 's/"wall-hook"/"my-hook"/' templates/examples/wall_hook.py > my_hook.py
    uv run unikat make my_hook.py --set reach=40 --out out/my-hook
    uv run unikat check my_hook.py

`check` tries it over all that may be chosen, and says what was made, refused and failed. What helps a @cad body to come out right, and
to be compiled:

- Draw it in plain CadQuery from the parameters. Within one choice every point should move smoothly: no max, min or `if` on a length.
  What must hold between lengths belongs into a @rule, which also tells the customer what would do. Choices and flags may change all.
- Leave some straight edge between two fillets, and let no face of a tool lie in a face of the body.
- Choose edges by their direction and their place (`edges("|Y").filter(...)`), not by their order. Boxes of edges are slow.
- Tag the faces that are needed later: letters are set on a tag, never drawn in CadQuery.
- A name is personal: a @cad stage cannot read it, so that one body serves every name.

A package of your own is found by its entry point in the group `unikat.templates`, as these are (see pyproject.toml).
"""
