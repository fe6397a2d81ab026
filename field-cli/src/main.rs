//! `field`: the technician's Fieldloop client.

fn main() -> std::process::ExitCode {
    field_cli::main()
}
