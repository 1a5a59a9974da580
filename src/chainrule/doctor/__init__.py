"""The doctor: finds faults in hand-written forward and backward code, names their cause, and proves it.

    chainrule.check(layer, x)              gradients, contract, structure, and what a gradient check cannot
    see
    chainrule.check_training(model, x, y)  the update, and training as it runs

The order of thought: `check` finds out how the subject is called (subject, calling, parameters), puts it at a
point where faults show (probe), compares its gradients with numerical ones (numeric, case), asks experiment
after experiment (experiments/), also line by line in the user's own source (source/), keeps for each wrong
gradient the most specific cause that was proved (verdict), and says it (report, printing). Nothing in here
knows a concrete layer: that is what makes it work on foreign code.
"""
