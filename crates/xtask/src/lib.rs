//! Set-up, build, run, test, bench
