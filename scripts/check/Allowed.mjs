// Places where a rule does not hold, each with its reason. Errors that may be lost are not listed here:
// they carry a comment `// swallowed: why` on the line of the finding, inside it, or on the line above.

/** @type {ReadonlyArray<{ readonly rule: string, readonly path: RegExp, readonly why: string }>} */
const allowed = [
  { rule: "process-env", path: /^scripts\/(?!check\/fixture\/)/, why: "build scripts run before Effect is installed" },
  { rule: "process-env", path: /^packages\/cli\/src\/main\.ts$/, why: "the composition root of the command line" },
  { rule: "process-env", path: /^bench\/src\/main\.ts$/, why: "the composition root of the benchmarks" },
  {
    rule: "process-env",
    path: /^packages\/runtime\/src\/inference\/NoTelemetry\.ts$/,
    why: "ONNX Runtime can be told to send nothing by the environment only"
  },
  {
    rule: "process-env",
    path: /^(packages\/\w+|fixtures|bench|docs\/example)\/test\//,
    why: "tests find samples and peers by environment"
  },
  { rule: "process-env", path: /^vitest\.config\.ts$/, why: "configuration of the test runner" },
  { rule: "process-env", path: /^packages\/ui\/vite\.config\.ts$/, why: "configuration of the bundler" },
  { rule: "swallowed-exception", path: /^packages\/ui\/dev\//, why: "a development aid that never ships" }
]

/**
 * @param {string} rule
 * @param {string} path relative to the root of the repository
 */
export const isAllowed = (rule, path) => allowed.some((entry) => entry.rule === rule && entry.path.test(path))
