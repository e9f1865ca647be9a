//! Settings of the WebAssembly engine, the same in every process: compiled files depend on them.

use anyhow::{Context, Result};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a guest that only computes gives way to others.
pub const TICK: Duration = Duration::from_millis(10);

/// Instances that one process runs at a time, for requests from outside.
pub const OUTER_INSTANCES: u32 = 384;
/// And for calls among its components: apart, so that callers waiting for each other's places
/// cannot block.
pub const INNER_INSTANCES: u32 = 128;

/// An engine for `instances` at a time, each with at most `memory` bytes.
///
/// What costs is resetting an instance's memory. Keeping it resident and resetting only the pages
/// that were touched (`PAGEMAP_SCAN`, Linux 6.7 on) triples the requests per second against the
/// defaults. A kernel that cannot tell which those are has all that is kept overwritten, so little is:
/// what most instances touch.
pub fn engine(instances: u32, memory: usize) -> Result<Engine> {
    // Adapters and shims make several core instances of one component.
    const CORE_INSTANCES: u32 = 8;
    let (memory_kept, table_kept) = match PoolingAllocationConfig::is_pagemap_scan_available() {
        true => (2 << 20, 2 << 20),
        false => (64 << 10, 16 << 10),
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES)
        .total_memories(instances)
        .total_tables(instances * 4)
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES * 4)
        .max_memories_per_component(1)
        .max_tables_per_component(4)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(memory)
        .table_elements(100_000)
        .max_unused_warm_slots(64)
        .decommit_batch_size(64)
        .linear_memory_keep_resident(memory_kept)
        .table_keep_resident(table_kept)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .wasm_component_model(true);
    Engine::new(&config)
        .map_err(anyhow::Error::from)
        .context("this machine cannot run the WebAssembly engine")
}

/// Makes guests of `engine` give way at each tick, for as long as the process lives.
pub fn start_clock(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("clock".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                std::thread::sleep(TICK);
            }
        })
        .context("cannot start a thread")?;
    Ok(())
}
