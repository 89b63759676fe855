//! How the CPU is fast: fused training operators as a Burn backend extension.
