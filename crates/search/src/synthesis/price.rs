use netsynth_graph::Cost;

use crate::{SearchPlan, Trial};

/// What a candidate's trainings count for when gains are compared, in a plan that pays by multiply-accumulates.
///
/// The price is raised to the share of the budget that is left: at first what gains most for its price is proposed, which is
/// many cheap networks, and at last what gains most (the cost cooling of Lee, Perrone, Archambeau and Seeger 2020). Where
/// every trial costs one, every price is one.
pub(crate) struct Price<'a> {
    plan: &'a SearchPlan,
    exponent: f64,
}

impl<'a> Price<'a> {
    /// After these trials.
    pub(crate) fn after(history: &[Trial], plan: &'a SearchPlan) -> Self {
        let exponent =
            plan.limits.macs.map_or(0.0, |most| (1.0 - plan.spent(history) as f64 / most).max(0.0));
        Self { plan, exponent }
    }

    /// The price of a network that climbs to the last rung.
    pub(crate) fn of(&self, cost: &Cost) -> f64 {
        libm::pow(self.plan.macs_of(cost, self.plan.rungs.len()).max(1) as f64, self.exponent)
    }
}
