//! A page opened in headless Chromium.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Names under which systems install Chromium.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser's program. On the build server there must be one; elsewhere a test without it says so.
pub fn browser() -> Option<&'static str> {
    let found = NAMES.into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "there is no Chromium on the PATH");
    if found.is_none() {
        eprintln!("skipped: there is no Chromium on the PATH");
    }
    found
}

/// What a script saw that is put at the end of a page: an array named `seen` of a name and a value each. Nothing may have
/// been written to the console meanwhile, and no error thrown.
pub fn seen(browser: &str, page: &Path, script: &str, width: usize) -> Vec<(String, Value)> {
    let first = "<script>const seen = []; addEventListener('error', event => seen.push(['error', event.message]));</script>";
    let last = format!(
        "<script>(() => {{ {script} }})();\nconst told = document.createElement('pre'); told.id = 'told';\n\
         told.textContent = encodeURIComponent(JSON.stringify(seen)); document.body.append(told);</script>"
    );
    let html = fs::read_to_string(page).unwrap();
    let html = html.replacen("<head>", &format!("<head>{first}"), 1).replacen(
        "</body>",
        &format!("{last}</body>"),
        1,
    );
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("page.html");
    fs::write(&copy, html).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"])
        .args(["--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", place.path().join("profile").display()))
        .arg(format!("file://{}", copy.display()))
        .output()
        .expect("it starts");
    let log = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:#?}");
    let dom = String::from_utf8_lossy(&output.stdout);
    let (_, told) = dom.split_once("<pre id=\"told\">").unwrap_or_else(|| panic!("no answer: {log}"));
    let seen: Vec<(String, Value)> =
        serde_json::from_str(&decoded(told.split_once("</pre>").unwrap().0)).unwrap();
    assert!(!seen.iter().any(|(name, _)| name == "error"), "{seen:#?}");
    seen
}

/// Text of which a script encoded every character that is special anywhere.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap()
}
