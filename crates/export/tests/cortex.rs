//! Networks in C on emulated microcontrollers: their logits, and what they take. An emulator counts instructions, not cycles.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::Command;

use netsynth_data::Normalisation;
use netsynth_export::File;
use networks::{ALL_OPERATORS, both, shapes};

/// Processor, unit for floats, the emulated board that has it.
const BOARDS: [(&str, &[&str], &str); 4] = [
    ("cortex-m3", &["-mfloat-abi=soft"], "mps2-an385"),
    ("cortex-m4", &["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"], "mps2-an386"),
    ("cortex-m7", &["-mfloat-abi=hard", "-mfpu=fpv5-d16"], "mps2-an500"),
    ("cortex-m55", &["-mfloat-abi=hard", "-mfpu=auto"], "mps3-an547"),
];

fn is_there(program: &str) -> bool {
    let is_there =
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: there is no {program}");
    }
    is_there
}

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Sizes of the network's code and data, and what its program says on the board.
fn on_board(folder: &Path, (processor, float, board): (&str, &[&str], &str)) -> (String, String) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/board");
    let gcc = |options: &[&str]| {
        let mut gcc = Command::new("arm-none-eabi-gcc");
        gcc.current_dir(folder).args(["-mthumb", &format!("-mcpu={processor}")]).args(float).args(options);
        gcc
    };
    let strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O3", "-c"];
    printed(&mut gcc(&[&strict[..], &["network.c"]].concat()));
    printed(&mut gcc(&[&strict[..], &["-Dmain=check", "test.c"]].concat()));
    let link = [
        "--specs=rdimon.specs",
        "-DIMAGE=unsigned char",
        "-I.",
        "-O2",
        "network.o",
        "test.o",
        "-o",
        "it.elf",
    ];
    let files = ["board.c", "board.ld"].map(|file| fixtures.join(file));
    printed(gcc(&link).arg(&files[0]).arg("-T").arg(&files[1]).arg("-lm"));
    let size = printed(Command::new("arm-none-eabi-size").current_dir(folder).arg("network.o"));
    let mut emulator = Command::new("qemu-system-arm");
    emulator.current_dir(folder).args(["-M", board, "-nographic", "-monitor", "none", "-serial", "none"]);
    let said = printed(emulator.args(["-semihosting", "-icount", "shift=0", "-kernel", "it.elf"]));
    (size.lines().last().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "), said)
}

fn is_everything_there() -> bool {
    ["arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm"].into_iter().all(is_there)
}

/// What the network of these files says on a board, and its sizes.
fn said(files: &[File], board: (&str, &[&str], &str)) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    on_board(folder.path(), board)
}

const SAME: &str = "4 of 4 classes equal, largest difference of logits 0,";

#[test]
fn integers_on_a_microcontroller_are_the_same_to_the_last_bit() {
    if !is_everything_there() {
        return;
    }
    let networks = [
        ("nano-b", include_str!("../../../prototypes/nano-b.ron")),
        ("ds-cnn", include_str!("../../../prototypes/ds-cnn.ron")),
    ];
    for (name, text) in networks {
        let [_, integers] = both(text, 1, Some(Normalisation::PerImage));
        for board in BOARDS {
            let (size, said) = said(&integers, board);
            assert!(said.starts_with(SAME), "{said}");
            eprintln!("{name} on an emulated {}: text, data, bss {size}; {said}", board.0);
        }
    }
}

#[test]
fn every_shape_on_a_microcontroller_gives_the_logits() {
    if !is_everything_there() {
        return;
    }
    for text in shapes().into_iter().chain([ALL_OPERATORS.to_owned()]) {
        let [floats, integers] = both(&text, 1, Some(Normalisation::PerImage));
        for board in BOARDS {
            let (_, said_of_floats) = said(&floats, board);
            assert!(said_of_floats.starts_with("4 of 4 classes equal"), "{said_of_floats}");
            let (_, said_of_integers) = said(&integers, board);
            assert!(said_of_integers.starts_with(SAME), "{text} {said_of_integers}");
        }
    }
}

#[test]
fn floats_on_a_microcontroller_give_the_logits() {
    if !is_everything_there() {
        return;
    }
    let [floats, _] = both(include_str!("../../../prototypes/ds-cnn.ron"), 1, Some(Normalisation::PerImage));
    for board in BOARDS {
        let (size, said) = said(&floats, board);
        assert!(said.starts_with("4 of 4 classes equal"), "{said}");
        eprintln!("ds-cnn in floats on an emulated {}: text, data, bss {size}; {said}", board.0);
    }
}
