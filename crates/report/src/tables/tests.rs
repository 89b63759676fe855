use proptest::prelude::*;
use serde_json::json;

use super::{Cell, Column, Table};

struct Network {
    name: &'static str,
    trial: usize,
    accuracy: Option<f64>,
    parameters: u64,
    picks: &'static [&'static str],
}

const NETWORKS: [Network; 2] = [
    Network {
        name: "one, \"two\" <b>",
        trial: 3,
        accuracy: Some(0.5),
        parameters: 141_098,
        picks: &["a", "knee"],
    },
    Network { name: "other network", trial: 12, accuracy: None, parameters: 900, picks: &[] },
];

fn columns() -> Vec<Column<'static, Network>> {
    vec![
        Column::right("trial", |network: &Network| Cell::trial(network.trial)),
        Column::left("network", |network: &Network| Cell::text(network.name)),
        Column::accuracy(|network: &Network| network.accuracy),
        Column::hidden("half_width", |_| Cell::missing("")),
        Column::parameters(|network: &Network| network.parameters),
        Column::left("picks", |network: &Network| {
            Cell::list(network.picks.iter().map(ToString::to_string).collect())
        }),
    ]
}

#[test]
fn one_definition_makes_text_csv_json_and_html() {
    let table = Table::new(&columns(), &NETWORKS);
    let text = [
        " trial   network          accuracy   parameters   picks   ",
        "──────────────────────────────────────────────────────────",
        "     3   one, \"two\" <b>    50.00 %      141,098   a, knee ",
        "    12   other network           -          900           ",
    ];
    assert_eq!(table.text(None), text.join("\n"));
    assert_eq!(table.text(Some(80)), text.join("\n"));
    let csv = "trial,network,accuracy,half_width,parameters,picks\n\
               3,\"one, \"\"two\"\" <b>\",0.5,,141098,a knee\n\
               12,other network,,,900,";
    assert_eq!(table.csv(), csv);
    assert_eq!(
        table.json(),
        json!([
            {"trial": 3, "network": "one, \"two\" <b>", "accuracy": 0.5, "half_width": null, "parameters": 141_098,
             "picks": ["a", "knee"]},
            {"trial": 12, "network": "other network", "accuracy": null, "half_width": null, "parameters": 900,
             "picks": []},
        ])
    );
    let html = table.html();
    assert!(html.contains("<th class=\"n\">trial</th><th>network</th>"), "{html}");
    assert!(
        html.contains(
            "<td class=\"n\"><a href=\"#trial-3\">3</a></td><td>one, &quot;two&quot; &lt;b&gt;</td>"
        )
    );
    assert!(!html.contains("half_width"));
}

#[test]
fn numbers_are_in_full_for_programs() {
    let column = Column::right("value", |number: &f64| Cell::fixed(*number, 1));
    let table = Table::new(&[column], &[75.0, 0.1 + 0.2, f64::NAN]);
    assert_eq!(table.csv(), "value\n75\n0.30000000000000004\n");
    assert_eq!(table.json()[1]["value"], json!(0.1 + 0.2));
    assert_eq!(table.json()[2]["value"], json!(null));
}

proptest! {
    #[test]
    fn no_terminal_is_too_narrow_for_words_and_numbers(width in 0usize..140) {
        let text = Table::new(&columns(), &NETWORKS).text(Some(width));
        for word in ["trial", "network", "accuracy", "parameters", "picks", "50.00 %", "141,098", "other", "knee"] {
            prop_assert!(text.contains(word), "{} at {}:\n{}", word, width, text);
        }
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        prop_assert!(widest <= width.max(53), "{} at {}:\n{}", widest, width, text);
    }
}
