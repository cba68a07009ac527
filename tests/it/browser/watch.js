window.errors = [];
window.addEventListener("error", (event) => window.errors.push(event.message));
for (const kind of ["error", "warn"]) console[kind] = (...of) => window.errors.push(of.join(" "));
