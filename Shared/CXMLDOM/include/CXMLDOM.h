#pragma once

#include <stddef.h>

/// One of the modules that xmldom, a DOM in JavaScript, is made of. The sources are part of the executable:
/// a worker that is confined can open no file.
struct tocsin_module {
    /// Without a folder and an extension, as in `dom-parser`.
    const char *name;
    const unsigned char *source;
    size_t bytes;
};

extern const struct tocsin_module tocsin_xmldom_modules[];
extern const size_t tocsin_xmldom_module_count;

static inline struct tocsin_module tocsin_xmldom_module(size_t index) { return tocsin_xmldom_modules[index]; }
