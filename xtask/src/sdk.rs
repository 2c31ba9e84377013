//! `cargo xtask sdk`: the ODP clients that the registries have, unmodified, against a server with TLS of its own. Before it
//! stands a proxy that answers the first events of each client 503. Each script asks the server afterwards what it holds.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::steps;

const JAVASCRIPT: [&str; 2] = ["6.6.1", "5.4.1"];
const PYTHON: &str = "5.7.0";
const ADMIN_KEY: &str = "sdk-trial-admin-key-000000000000000000000";

/// Installs the clients under the target directory and runs the script of each.
pub fn run() -> Result<()> {
    for program in ["node", "npm", "python3"] {
        if !steps::is_installed(program) {
            bail!("{program} is not installed: the ODP clients need node 20, npm and python3 with venv");
        }
    }
    let folder = steps::target_directory().join("odp-sdk");
    let clients: Vec<PathBuf> =
        JAVASCRIPT.iter().map(|version| install_javascript(&folder, version)).collect::<Result<_>>()?;
    let python = install_python(&folder)?;
    steps::run("build", &mut steps::cargo(&["build", "--workspace", "--bin", "campaignql", "--locked", "--quiet"]))?;
    let trial = Trial::start(&folder)?;
    for client in &clients {
        let mut script = trial.client("node", "odp-sdk.mjs");
        steps::run(&format!("ODP client {}", client.display()), script.env("SDK", client))?;
    }
    let mut script = trial.client(python.join("bin").join("python"), "odp_sdk.py");
    steps::run(&format!("ODP client {}", python.display()), &mut script)
}

fn install_javascript(folder: &Path, version: &str) -> Result<PathBuf> {
    let client = folder.join(format!("javascript-{version}"));
    if !client.join("node_modules/@optimizely/optimizely-sdk/package.json").exists() {
        fs::create_dir_all(&client)?;
        fs::write(client.join("package.json"), "{\"private\": true}\n")?;
        let package = format!("@optimizely/optimizely-sdk@{version}");
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", &package]);
        steps::run(&format!("install {package}"), install.current_dir(&client))?;
    }
    Ok(client)
}

fn install_python(folder: &Path) -> Result<PathBuf> {
    let environment = folder.join(format!("python-{PYTHON}"));
    if !environment.join("installed").exists() {
        steps::run("python environment", Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin").join("pip"));
        let package = format!("optimizely-sdk=={PYTHON}");
        install.args(["install", "--quiet", "--disable-pip-version-check", &package]);
        steps::run(&format!("install {package}"), &mut install)?;
        fs::write(environment.join("installed"), "")?;
    }
    Ok(environment)
}

/// A server with a database of its own and the proxy before it. Both end with it.
struct Trial {
    server: String,
    proxy: String,
    _children: [Ending; 2],
}

/// A process that is ended when this is dropped.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // It may have ended before, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Trial {
    fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("data");
        fs::remove_dir_all(&data).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        fs::create_dir_all(&data)?;
        let mut serve = Command::new(steps::target_directory().join("debug").join("campaignql"));
        serve.arg("serve").current_dir(&data).stderr(Stdio::piped()).envs([
            ("CAMPAIGNQL_LISTEN", "127.0.0.1:0"),
            ("CAMPAIGNQL_ADMIN_KEY", ADMIN_KEY),
            ("CAMPAIGNQL_DATABASE_URL", "sqlite://sdk.db?mode=rwc"),
        ]);
        serve.env("CAMPAIGNQL_TLS_CERTIFICATE", certificate()).env("CAMPAIGNQL_TLS_KEY", key());
        let mut server = Ending(serve.spawn().context("the server cannot start")?);
        let line = line_with(server.0.stderr.take().context("it logs")?, "listening on ")?;
        let server_url = line.split_whitespace().last().context("a URL")?.to_owned();
        let mut proxy = Command::new("node");
        proxy.arg(script("flaky-proxy.mjs")).stdout(Stdio::piped()).env("UPSTREAM", &server_url);
        proxy.env("CERTIFICATE", certificate()).env("KEY", key()).env("NODE_EXTRA_CA_CERTS", certificate());
        let mut proxy = Ending(proxy.spawn().context("the proxy cannot start")?);
        let proxy_url = line_with(proxy.0.stdout.take().context("it prints")?, "https://")?;
        Ok(Self { server: server_url, proxy: proxy_url, _children: [server, proxy] })
    }

    /// A client's script, told where everything is.
    fn client(&self, program: impl AsRef<std::ffi::OsStr>, name: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(script(name)).envs([
            ("HOST", self.proxy.as_str()),
            ("SERVER", &self.server),
            ("ADMIN_KEY", ADMIN_KEY),
        ]);
        command.env("NODE_EXTRA_CA_CERTS", certificate()).env("REQUESTS_CA_BUNDLE", certificate());
        command
    }
}

fn script(name: &str) -> PathBuf {
    steps::root().join("tests/clients").join(name)
}

fn certificate() -> PathBuf {
    steps::root().join("tests/fixtures/tls/certificate.pem")
}

fn key() -> PathBuf {
    steps::root().join("tests/fixtures/tls/key.pem")
}

/// Reads what a process writes up to a line with a text; the rest is read by nobody and kept from filling the pipe.
fn line_with(stream: impl Read + Send + 'static, text: &str) -> Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let found = lines.by_ref().map_while(std::result::Result::ok).find(|line| line.contains(text));
    let found = found.with_context(|| format!("it ended before it said {text:?}"))?;
    std::thread::spawn(move || lines.for_each(drop));
    Ok(found.trim().to_owned())
}
