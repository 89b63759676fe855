//! The Jobs API of a Ray head, as far as netsynth asks it: jobs are processes of this machine.

#![allow(unreachable_pub, clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the head asks whoever asks it.
pub const TOKEN: &str = "a-token";

/// A head, for as long as the test's process lives.
pub struct FakeRay {
    pub address: String,
    cluster: Arc<Mutex<Cluster>>,
}

struct Cluster {
    n_processors: usize,
    jobs: BTreeMap<String, Job>,
    submitted: Vec<String>,
    most_at_work: usize,
}

struct Job {
    child: Child,
    is_stopped: bool,
}

impl Job {
    fn status(&mut self) -> &'static str {
        match self.child.try_wait().unwrap() {
            _ if self.is_stopped => "STOPPED",
            None => "RUNNING",
            Some(status) if status.success() => "SUCCEEDED",
            Some(_) => "FAILED",
        }
    }
}

impl FakeRay {
    /// Begins to listen, for a cluster of so many processors.
    pub fn begin(n_processors: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let cluster = Cluster { n_processors, jobs: BTreeMap::new(), submitted: Vec::new(), most_at_work: 0 };
        let cluster = Arc::new(Mutex::new(cluster));
        let asked = Arc::clone(&cluster);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&mut stream.unwrap(), &mut asked.lock().unwrap());
            }
        });
        Self { address, cluster }
    }

    /// The ids of all jobs that were ever submitted.
    pub fn submitted(&self) -> Vec<String> {
        self.cluster.lock().unwrap().submitted.clone()
    }

    /// How many jobs were at work at a time, at most.
    pub fn most_at_work(&self) -> usize {
        self.cluster.lock().unwrap().most_at_work
    }
}

/// Reads a request and answers it. Whoever asks may be killed meanwhile.
fn answer(stream: &mut TcpStream, cluster: &mut Cluster) {
    let Some((method, path, headers, body)) = request(stream) else { return };
    let (status, text) = if headers.contains(&format!("authorization: bearer {TOKEN}")) {
        cluster.answer(&method, &path, &body)
    } else {
        (401, "Unauthorized".to_owned())
    };
    let n_bytes = text.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Length: {n_bytes}\r\nConnection: close\r\n\r\n{text}"
    );
}

/// The method, path, headers in small letters and body of a request.
fn request(stream: &mut TcpStream) -> Option<(String, String, String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut headers) = (String::new(), String::new());
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        headers += &line.to_lowercase();
    }
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    Some((words.next()?, words.next()?, headers, String::from_utf8(body).unwrap()))
}

impl Cluster {
    fn answer(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        match (method, path.strip_prefix("/api/").unwrap()) {
            ("GET", "cluster_status") => {
                let usage = json!({"CPU": [self.n_at_work() as f64, self.n_processors as f64]});
                (200, json!({"data": {"clusterStatus": {"loadMetricsReport": {"usage": usage}}}}).to_string())
            }
            ("POST", "jobs/") => self.submit(&serde_json::from_str(body).unwrap()),
            ("GET", "jobs/") => {
                let listed = self.jobs.iter_mut().map(
                    |(id, job)| json!({"submission_id": id, "status": job.status(), "message": "It is said."}),
                );
                let driver = json!({"submission_id": null, "status": "RUNNING", "message": null});
                (200, Value::from(listed.chain([driver]).collect::<Vec<_>>()).to_string())
            }
            ("GET", job) => {
                let is_known = self.jobs.contains_key(job.strip_prefix("jobs/").unwrap());
                (if is_known { 200 } else { 404 }, "{}".to_owned())
            }
            (_, job) => {
                let id = job.strip_prefix("jobs/").and_then(|job| job.strip_suffix("/stop")).unwrap();
                let Some(job) = self.jobs.get_mut(id) else { return (404, "{}".to_owned()) };
                job.is_stopped = true;
                let group = format!("-{}", job.child.id());
                let _ = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
                (200, json!({"stopped": true}).to_string())
            }
        }
    }

    fn n_at_work(&mut self) -> usize {
        self.jobs.values_mut().map(|job| job.status()).filter(|status| *status == "RUNNING").count()
    }

    fn submit(&mut self, asked: &Value) -> (u16, String) {
        let id = asked["submission_id"].as_str().unwrap().to_owned();
        assert_eq!(asked["entrypoint_num_cpus"], 1);
        if self.jobs.contains_key(&id) {
            return (500, format!("Traceback\nValueError: Job with submission_id {id} already exists"));
        }
        let mut command = Command::new("sh");
        command.arg("-c").arg(asked["entrypoint"].as_str().unwrap());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.process_group(0).spawn().unwrap();
        self.jobs.insert(id.clone(), Job { child, is_stopped: false });
        self.submitted.push(id.clone());
        self.most_at_work = self.most_at_work.max(self.n_at_work());
        (200, json!({"submission_id": id}).to_string())
    }
}
