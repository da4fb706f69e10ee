/* Pictures out of a seed: flat, smooth, noisy, graphic, photographic. */

static uint64_t state;

static uint64_t noise(void) {
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static void noise_from(uint64_t seed) { state = seed * 0xD1342543DE82EF95u + 1; }

static int below(int n) { return (int)(noise() % (uint64_t)n); }

/* A value for a place of a lattice, 0 to 1. */
static double lattice(uint32_t key, int x, int y) {
  uint32_t h = key + (uint32_t)x * 374761393u + (uint32_t)y * 668265263u;
  h = (h ^ (h >> 13)) * 1274126177u;
  return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0;
}

/* Smooth between the places of the lattice. */
static double hills(uint32_t key, double x, double y) {
  int left = (int)floor(x), top = (int)floor(y);
  double u = x - left, v = y - top;
  u = u * u * (3 - 2 * u), v = v * v * (3 - 2 * v);
  double above = lattice(key, left, top) * (1 - u) + lattice(key, left + 1, top) * u;
  double under = lattice(key, left, top + 1) * (1 - u) + lattice(key, left + 1, top + 1) * u;
  return above * (1 - v) + under * v;
}

static unsigned char sample(double value) {
  return value < 0 ? 0 : value > 255 ? 255 : (unsigned char)(value + 0.5);
}

static void rectangles(unsigned char *pixels, int width, int height, int channels, int count) {
  while (count-- > 0) {
    int x = below(width), y = below(height), kind = below(3);
    int w = kind ? 1 + below(width - x) : 1, h = kind != 1 ? 1 + below(height - y) : 1;
    unsigned char colour[4];
    for (int n = 0; n < 4; n++) colour[n] = below(3) ? below(256) : 255 * below(2);
    for (int row = y; row < y + h; row++)
      for (int column = x; column < x + w; column++)
        memcpy(pixels + ((size_t)row * width + column) * channels, colour, channels);
  }
}

static const char *scene(unsigned char *pixels, int width, int height, int channels) {
  static const char *names[] = {"flat", "slopes", "waves", "noise", "graphic", "photograph", "dim"};
  int kind = below(7);
  uint32_t key = (uint32_t)noise();
  double size = 8 + below(200), depth = 1 + below(255), angle = below(628) / 100.0;
  double dx = cos(angle), dy = sin(angle), length = 2 + below(60), grain = below(3) ? 0 : 1 + below(20);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      for (int n = 0; n < channels; n++) {
        double value = 255 * lattice(key, n, 0);
        switch (kind) {
          case 1:
            value += depth * (dx * x / width + dy * y / height) * (n % 2 ? -1 : 1);
            break;
          case 2:
            value = 128 + depth / 2 * sin((dx * x + dy * y) / length + n);
            break;
          case 3:
            value = lattice(key + n, x, y) * 255;
            break;
          case 5:
            value = 0;
            for (int octave = 0, part = 2; octave < 6; octave++, part *= 2)
              value += 255.0 / part * hills(key + octave * 7 + (n ? 1 : 0), x * part / size, y * part / size);
            if (hills(key + 99, x / size, y / size) > 0.55) value = 255 - value;
            break;
          case 6:
            value = 20 * hills(key + n, x / size, y / size);
            break;
        }
        if (grain > 0 && kind) value += grain * (lattice(key ^ 77, x * 4 + n, y) - 0.5);
        pixels[((size_t)y * width + x) * channels + n] = sample(value);
      }
    }
  }
  if (kind == 4 || below(8) == 0) rectangles(pixels, width, height, channels, 1 + below(40));
  return names[kind];
}
