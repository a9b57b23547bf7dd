/**
 * The packaged ONNX Runtime tells its maker of every process, model and machine (`onnxruntime/core/platform/posix/telemetry.cc`), and keeps a number of the
 * machine under `~/.cache`. Vigil tells nobody. It reads this once, when it is loaded, from the process itself: a worker thread's own environment is only a
 * copy, so the thread that starts one imports this too.
 */
process.env["ORT_DISABLE_TELEMETRY"] = "1"
