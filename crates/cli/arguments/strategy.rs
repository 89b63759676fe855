use clap::builder::{PossibleValuesParser, TypedValueParser};
use netsynth_search::StrategyKind;

/// Reads a strategy by its name.
pub(crate) fn strategy() -> impl TypedValueParser<Value = StrategyKind> {
    PossibleValuesParser::new(StrategyKind::ALL.map(StrategyKind::name)).try_map(|name| {
        let named = |kind: &StrategyKind| kind.name() == name;
        StrategyKind::ALL.into_iter().find(named).ok_or("no strategy has this name")
    })
}
