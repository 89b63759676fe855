//! The energy that a machine takes, where it tells.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netsynth_files::read;

/// How often a power is read.
const PERIOD: Duration = Duration::from_millis(5);

/// The label of the rail through which all of a board is fed.
const WHOLE_BOARD: &str = "VDD_IN";

/// What tells energy: of a whole processor or board, whoever takes it.
#[derive(Debug)]
pub enum Meter {
    /// Counters of processor packages: Intel's and AMD's RAPL, as Linux shows them in `powercap`.
    Packages(Vec<Counter>),
    /// Rails of a board with INA3221 sensors, as Jetson boards have them; their power is read again and again.
    Rails(Vec<Rail>),
}

/// A counter of microjoules that begins again at its range.
#[derive(Debug)]
pub struct Counter {
    path: PathBuf,
    range: u64,
}

/// A rail of a board, by the files that tell of it.
#[derive(Debug)]
pub struct Rail {
    label: String,
    source: Power,
}

#[derive(Debug)]
enum Power {
    /// Millivolts and milliamperes.
    Product(PathBuf, PathBuf),
    /// Milliwatts.
    Direct(PathBuf),
}

impl Meter {
    /// The meter of the machine whose files are below `root`.
    ///
    /// # Errors
    /// Why there is none: nothing known tells energy, or it may not be read.
    pub fn find(root: &Path) -> Result<Self, String> {
        let rails = rails(root);
        if !rails.is_empty() {
            let whole = |rail: &Rail| rail.label == WHOLE_BOARD;
            let rails = match rails.iter().any(whole) {
                true => rails.into_iter().filter(whole).collect(),
                false => rails,
            };
            watts(&rails)?;
            return Ok(Meter::Rails(rails));
        }
        let packages = packages(root)?;
        if packages.is_empty() {
            return Err(format!(
                "neither {} nor an INA3221 sensor tells energy",
                root.join("sys/class/powercap/intel-rapl:*").display()
            ));
        }
        packages.iter().try_for_each(|counter| counter.read().map(drop))?;
        Ok(Meter::Packages(packages))
    }

    /// What it measures, in words.
    pub fn of_what(&self) -> String {
        match self {
            Meter::Packages(counters) if counters.len() == 1 => {
                "the processor package (RAPL), without memory and the rest of the machine".to_owned()
            }
            Meter::Packages(counters) => {
                format!(
                    "{} processor packages (RAPL), without memory and the rest of the machine",
                    counters.len()
                )
            }
            Meter::Rails(rails) => {
                let labels: Vec<&str> = rails.iter().map(|rail| rail.label.as_str()).collect();
                format!("the board's rails {} (INA3221)", labels.join(", "))
            }
        }
    }

    /// The energy that is taken while something is done, in joules, by everything that runs meanwhile.
    ///
    /// # Errors
    /// What tells energy can no longer be read, or no thread can be started that reads it.
    pub fn joules(&self, work: impl FnOnce()) -> Result<f64, String> {
        match self {
            Meter::Packages(counters) => {
                let read = || counters.iter().map(Counter::read).collect::<Result<Vec<u64>, String>>();
                let before = read()?;
                work();
                let spans = counters.iter().zip(before).zip(read()?);
                let microjoules = spans.map(|((counter, before), after)| counter.span(before, after));
                Ok(microjoules.sum::<u64>() as f64 * 1e-6)
            }
            Meter::Rails(rails) => {
                let is_done = AtomicBool::new(false);
                thread::scope(|scope| {
                    let integral = thread::Builder::new().spawn_scoped(scope, || integral(rails, &is_done));
                    let integral =
                        integral.map_err(|error| format!("a thread could not be started: {error}"))?;
                    work();
                    is_done.store(true, Ordering::SeqCst);
                    integral.join().unwrap_or_else(|_| Err("the sensors' thread ended".to_owned()))
                })
            }
        }
    }
}

/// Power over time until it is done, by trapezoids.
fn integral(rails: &[Rail], is_done: &AtomicBool) -> Result<f64, String> {
    let (mut joules, mut before, mut then) = (0.0, watts(rails)?, Instant::now());
    loop {
        let is_last = is_done.load(Ordering::SeqCst);
        let (now, at) = (watts(rails)?, Instant::now());
        joules += 0.5 * (before + now) * at.duration_since(then).as_secs_f64();
        (before, then) = (now, at);
        if is_last {
            return Ok(joules);
        }
        thread::sleep(PERIOD);
    }
}

/// The power of all rails now.
fn watts(rails: &[Rail]) -> Result<f64, String> {
    rails.iter().map(Rail::watts).sum()
}

impl Counter {
    fn read(&self) -> Result<u64, String> {
        number(&self.path)
    }

    fn span(&self, before: u64, after: u64) -> u64 {
        if after >= before { after - before } else { self.range.saturating_sub(before) + after }
    }
}

impl Rail {
    fn watts(&self) -> Result<f64, String> {
        Ok(match &self.source {
            Power::Product(volts, amperes) => number(volts)? as f64 * number(amperes)? as f64 * 1e-6,
            Power::Direct(power) => number(power)? as f64 * 1e-3,
        })
    }
}

/// The counters of whole packages; their parts, such as the cores, are in them.
fn packages(root: &Path) -> Result<Vec<Counter>, String> {
    let mut counters = Vec::new();
    for zone in entries(&root.join("sys/class/powercap")) {
        let name = zone.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_whole = name.strip_prefix("intel-rapl:").is_some_and(|number| !number.contains(':'));
        if is_whole && text(&zone.join("name")).is_ok_and(|name| name.starts_with("package")) {
            let range = number(&zone.join("max_energy_range_uj"))?;
            counters.push(Counter { path: zone.join("energy_uj"), range });
        }
    }
    Ok(counters)
}

/// The rails of all INA3221 sensors, as the kernel's own driver shows them and as NVIDIA's older one did.
fn rails(root: &Path) -> Vec<Rail> {
    let mut rails = Vec::new();
    for sensor in entries(&root.join("sys/class/hwmon")) {
        if text(&sensor.join("name")).is_ok_and(|name| name == "ina3221") {
            rails.extend((1..=3).filter_map(|channel| {
                let label = text(&sensor.join(format!("in{channel}_label"))).ok()?;
                let file = |kind: &str| sensor.join(format!("{kind}{channel}_input"));
                let (volts, amperes) = (file("in"), file("curr"));
                // A channel to which nothing is connected has no current.
                (amperes.is_file() && label != "NC")
                    .then_some(Rail { label, source: Power::Product(volts, amperes) })
            }));
        }
    }
    for sensor in entries(&root.join("sys/bus/i2c/drivers/ina3221x")).iter().flat_map(|chip| entries(chip)) {
        rails.extend((0..3).filter_map(|channel| {
            let label = text(&sensor.join(format!("rail_name_{channel}"))).ok()?;
            let power = sensor.join(format!("in_power{channel}_input"));
            (power.is_file() && label != "NC").then_some(Rail { label, source: Power::Direct(power) })
        }));
    }
    rails
}

/// What is in a folder of the system, sorted; nothing where there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = read(path, 4096).map_err(|cause| format!("{}: {cause}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn number(path: &Path) -> Result<u64, String> {
    let text = text(path)?;
    text.parse().map_err(|_| format!("{}: {text:?} is no whole number", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const RAPL: [(&str, &str); 7] = [
        ("sys/class/powercap/intel-rapl:0/name", "package-0\n"),
        ("sys/class/powercap/intel-rapl:0/energy_uj", "262143000000\n"),
        ("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n"),
        ("sys/class/powercap/intel-rapl:0:0/name", "core\n"),
        ("sys/class/powercap/intel-rapl:0:0/energy_uj", "7\n"),
        ("sys/class/powercap/intel-rapl:1/name", "psys\n"),
        ("sys/class/powercap/intel-rapl-mmio:0/name", "package-0\n"),
    ];

    #[test]
    fn packages_are_counted_and_a_counter_may_begin_again() {
        let root = root(&RAPL);
        let meter = Meter::find(root.path()).unwrap();
        assert!(meter.of_what().starts_with("the processor package"), "{}", meter.of_what());
        let counter = root.path().join("sys/class/powercap/intel-rapl:0/energy_uj");
        let joules = meter.joules(|| fs::write(&counter, "262143100000").unwrap()).unwrap();
        assert!((joules - 0.1).abs() < 1e-9, "{joules}");
        // 228,850 microjoules to the end, and 1,000,000 from the beginning.
        let joules = meter.joules(|| fs::write(&counter, "1000000").unwrap()).unwrap();
        assert!((joules - 1.228_85).abs() < 1e-9, "{joules}");
        let reason = meter.joules(|| fs::write(&counter, "none").unwrap()).unwrap_err();
        assert!(reason.contains("energy_uj") && reason.contains("no whole number"), "{reason}");
    }

    #[test]
    fn a_board_is_measured_where_it_is_fed_or_by_all_its_rails() {
        let sensor = "sys/class/hwmon/hwmon3";
        let file = |name: &str| format!("{sensor}/{name}");
        let all = [
            (file("name"), "ina3221\n"),
            (file("in1_label"), "VDD_IN\n"),
            (file("in1_input"), "5000\n"),
            (file("curr1_input"), "2000\n"),
            (file("in2_label"), "VDD_CPU_GPU_CV\n"),
            (file("in2_input"), "5000\n"),
            (file("curr2_input"), "1000\n"),
            (file("in3_label"), "NC\n"),
        ];
        let all: Vec<(&str, &str)> = all.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let power = |files: &[(&str, &str)]| {
            let root = root(files);
            let meter = Meter::find(root.path()).unwrap();
            let begun = Instant::now();
            let joules = meter.joules(|| thread::sleep(Duration::from_millis(60))).unwrap();
            (meter.of_what(), joules / begun.elapsed().as_secs_f64())
        };
        let (what, watts) = power(&all);
        assert_eq!(what, "the board's rails VDD_IN (INA3221)");
        // 5 V times 2 A; the time around it is a little longer than what was measured.
        assert!((7.0..=10.1).contains(&watts), "{watts}");
        let rails: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, text)| (*name, if *text == "VDD_IN\n" { "CPU\n" } else { *text }))
            .collect();
        assert!((10.5..=15.1).contains(&power(&rails).1));
        let old = "sys/bus/i2c/drivers/ina3221x/1-0040/iio:device0";
        let (name, watts) = (format!("{old}/rail_name_0"), format!("{old}/in_power0_input"));
        assert!((2.0..=3.1).contains(&power(&[(&name, "GPU\n"), (&watts, "3000\n")]).1));
    }

    #[test]
    fn what_is_not_told_is_said() {
        let empty = tempfile::tempdir().unwrap();
        assert!(Meter::find(empty.path()).unwrap_err().contains("neither"));
        let files: Vec<_> = RAPL.into_iter().filter(|(name, _)| !name.ends_with(":0/energy_uj")).collect();
        let reason = Meter::find(root(&files).path()).unwrap_err();
        assert!(reason.contains("intel-rapl:0/energy_uj: "), "{reason}");
    }
}
