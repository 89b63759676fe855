//! Networks in C on emulated microcontrollers: their logits, and what they take. An emulator counts instructions, not cycles.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::Command;

use netsynth_data::Normalisation;
use networks::both;

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

#[test]
fn integers_on_a_microcontroller_are_the_same_to_the_last_bit() {
    if !["arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm"].into_iter().all(is_there) {
        return;
    }
    let [_, integers] =
        both(include_str!("../../../prototypes/nano-b.ron"), 1, Some(Normalisation::PerImage));
    for board in BOARDS {
        let folder = tempfile::tempdir().unwrap();
        for file in &integers {
            fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
        }
        let (size, said) = on_board(folder.path(), board);
        assert!(said.starts_with("4 of 4 classes equal, largest difference of logits 0,"), "{said}");
        eprintln!("nano-b on an emulated {}: text, data, bss {size}; {said}", board.0);
    }
}
