"""`make bench`: everything that is measured, as ratios in one run. Quote the ratios, never single times."""

from benchmarks import bench_levels, bench_seal, bench_tokens, bench_verify

bench_seal.main()
bench_levels.main()
bench_verify.main()
bench_tokens.main()
