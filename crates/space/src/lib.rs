//! What may vary: prototype + search space -> decisions -> a candidate graph.
