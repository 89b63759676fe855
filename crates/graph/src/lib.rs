//! What an architecture is: operators, the RON spec, the valid graph, shapes, cost, identity.
