// Scratch buffers on the stack are written before they are read; zeroing them would cost more than some searches.
[module: System.Runtime.CompilerServices.SkipLocalsInit]
