/**
 * Numpy's random numbers, to the bit: `default_rng` (PCG64, M. O'Neill, HMC-CS-2014-0905) and the
 * older `RandomState` (Mersenne Twister MT19937), which draws the starts of a fit.
 */
"use strict";
alutils_live.define((live) => {
  const MASK32 = 0xffffffffn, MASK64 = (1n << 64n) - 1n, MASK128 = (1n << 128n) - 1n;
  const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

  /** Numpy's SeedSequence. seed : an integer, or several;  returns n words of 32 bits. */
  function seed_words(seed, n) {
    const entropy = (Array.isArray(seed) ? seed : [seed]).flatMap((one) => {
      const words = [];
      for (let left = BigInt(one); !words.length || left; left >>= 32n) words.push(Number(left & MASK32));
      return words;
    });
    let hash = 0x43b0d7e5;
    const mixed = (value) => {
      value = (value ^ hash) >>> 0;
      hash = Math.imul(hash, 0x931e8875) >>> 0;
      value = Math.imul(value, hash) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    };
    const mix = (x, y) => {
      const value = (Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    };
    const pool = [0, 1, 2, 3].map((k) => mixed(entropy[k] ?? 0));
    for (let from = 0; from < 4; from++) {
      for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], mixed(pool[from]));
    }
    for (const more of entropy.slice(4)) for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], mixed(more));
    hash = 0x8b51f9dd;
    return Array.from({ length: n }, (_, k) => {
      let value = (pool[k % 4] ^ hash) >>> 0;
      hash = Math.imul(hash, 0x58f38ded) >>> 0;
      value = Math.imul(value, hash) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    });
  }

  /** An integer from 0 to `most`, both included: numbers of as many bits, until one is not above. */
  function masked(generator, most) {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    let value = generator.next32() & mask;
    while (value > most) value = generator.next32() & mask;
    return value;
  }

  /** Numpy's Generator on PCG64. */
  class Generator {
    constructor(seed) {
      const w = seed_words(seed, 8).map(BigInt);
      const [a, b, c, e] = [0, 2, 4, 6].map((k) => w[k] | (w[k + 1] << 32n));
      this.increment = ((((c << 64n) | e) << 1n) | 1n) & MASK128;
      this.state = (this.increment + ((a << 64n) | b)) & MASK128;
      this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
      this.half = null;
    }

    next64() {
      this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
      const value = (this.state >> 64n) ^ (this.state & MASK64), turn = this.state >> 122n;
      return ((value >> turn) | (value << (64n - turn))) & MASK64;
    }

    next32() {
      if (this.half !== null) {
        const kept = this.half;
        this.half = null;
        return kept;
      }
      const both = this.next64();
      this.half = Number(both >> 32n);
      return Number(both & MASK32);
    }

    /** A number in [0, 1), or n of them. */
    random(n = null) {
      if (n !== null) return Float64Array.from({ length: n }, () => this.random());
      return Number(this.next64() >> 11n) / 9007199254740992;
    }

    /** An integer from 0 to most, both included (D. Lemire, ACM Trans. Model. 29, 3 (2019)). */
    below(most) {
      if (!most) return 0;
      const range = BigInt(most + 1), least = (1n << 32n) % range;
      let product = BigInt(this.next32()) * range;
      while ((product & MASK32) < least) product = BigInt(this.next32()) * range;
      return Number(product >> 32n);
    }

    /** Integers low <= k < high: one, or n of them. */
    integers(low, high = null, n = null) {
      if (high === null) [low, high] = [0, low];
      if (n !== null) return Int32Array.from({ length: n }, () => this.integers(low, high));
      return low + this.below(high - 1 - low);
    }

    /** The array, shuffled in place; `draw` gives an integer from 0 to i. */
    shuffle(array, draw = (i) => masked(this, i)) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = draw(i);
        [array[i], array[j]] = [array[j], array[i]];
      }
      return array;
    }

    /** 0 to n - 1 in random order, Int32Array; or a copy of an array. */
    permutation(of) {
      return this.shuffle(typeof of === "number" ? Int32Array.from({ length: of }, (_, k) => k) : of.slice());
    }

    /** `size` of 0 to n - 1 without replacement, Int32Array; n at most 10 000. */
    choice(n, size) {
      const drawn = new Int32Array(size), seen = new Set();
      for (let j = n - size, k = 0; j < n; j++, k++) {
        const value = this.below(j);
        drawn[k] = seen.has(value) ? j : value;
        seen.add(drawn[k]);
      }
      return this.shuffle(drawn, (i) => this.below(i));
    }
  }

  /** Numpy's RandomState(seed). */
  class RandomState {
    constructor(seed) {
      this.words = new Uint32Array(624);
      this.words[0] = seed;
      for (let k = 1; k < 624; k++) {
        const last = this.words[k - 1] ^ (this.words[k - 1] >>> 30);
        this.words[k] = Math.imul(last, 1812433253) + k;
      }
      this.at = 624;
    }

    next32() {
      const w = this.words;
      if (this.at === 624) {
        for (let k = 0; k < 624; k++) {
          const y = (w[k] & 0x80000000) | (w[(k + 1) % 624] & 0x7fffffff);
          w[k] = w[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
        }
        this.at = 0;
      }
      let y = w[this.at++];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return (y ^ (y >>> 18)) >>> 0;
    }

    random() {
      const high = this.next32() >>> 5, low = this.next32() >>> 6;
      return (high * 67108864 + low) / 9007199254740992;
    }

    uniform(low, high) {
      return low + (high - low) * this.random();
    }

    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, k) => k);
      for (let i = n - 1; i > 0; i--) {
        const j = masked(this, i);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    }
  }

  live.random = { default_rng: (seed) => new Generator(seed), RandomState };
});
