"""The others, each as an expert would use it. These files are pinned: `benchmarks.product` knows their sha256."""
