/* The other side of `just jpeg-campaign`: makes JPEG files with libjpeg-turbo and says what is in them.
 *
 * peer make FIRST COUNT   writes a record for each seed to stdout: file, lossless twin, coefficients, planes.
 * peer files FIRST COUNT  writes the files alone.
 * peer same               reads pairs of files from stdin and compares their coefficients.
 *
 * Everything depends on the seed alone. Numbers are written as the machine has them. */

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "scene.h"

typedef unsigned char byte;

struct failure {
  struct jpeg_error_mgr base;
  jmp_buf back;
};

static void fail(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  fprintf(stderr, "libjpeg-turbo: %s\n", text);
  longjmp(((struct failure *)info->err)->back, 1);
}
static void quiet(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *errors(struct failure *failure) {
  struct jpeg_error_mgr *base = jpeg_std_error(&failure->base);
  base->error_exit = fail;
  base->output_message = quiet;
  return base;
}

struct file {
  byte *bytes;
  unsigned long length;
};

/* What a file is like, for messages. */
static char words[4096];
#define SAY(...) snprintf(words + strlen(words), sizeof words - strlen(words), __VA_ARGS__)

static jpeg_scan_info script[1024];
static int scans;

static void scan(int parts, int part, int first, int last, int high, int low) {
  if (scans == 1024) abort();
  jpeg_scan_info *next = &script[scans++];
  next->comps_in_scan = parts;
  for (int n = 0; n < parts; n++) next->component_index[n] = part + n;
  next->Ss = first, next->Se = last, next->Ah = high, next->Al = low;
}

static int together(const struct jpeg_compress_struct *c, int from, int count) {
  int blocks = 0;
  for (int n = from; n < from + count; n++)
    blocks += c->comp_info[n].h_samp_factor * c->comp_info[n].v_samp_factor;
  return count <= 4 && blocks <= 10;
}

/* A DC scan of all components: in one, by two halves, or each apart. */
static void means(const struct jpeg_compress_struct *c, int high, int low) {
  int all = c->num_components, way = below(4);
  if (way < 2 && together(c, 0, all)) {
    scan(all, 0, 0, 0, high, low);
  } else if (way == 2 && all > 1 && together(c, 1, all - 1)) {
    scan(1, 0, 0, 0, high, low);
    scan(all - 1, 1, 0, 0, high, low);
  } else {
    for (int n = 0; n < all; n++) scan(1, n, 0, 0, high, low);
  }
}

static void refine(int part, int first, int last, int low) {
  while (first <= last) {
    int end = below(3) ? last : first + below(last - first + 1);
    scan(1, part, first, end, low + 1, low);
    first = end + 1;
  }
}

/* Any script that the standard allows. */
static void free_script(const struct jpeg_compress_struct *c) {
  int lows[4][64], dc = below(4);
  means(c, 0, dc);
  for (int part = 0; part < c->num_components; part++) {
    for (int first = 1; first <= 63;) {
      int last = below(3) ? 63 : first + below(64 - first), low = below(below(8) ? 4 : 8);
      scan(1, part, first, last, 0, low);
      for (int k = first; k <= last; k++) lows[part][k] = low;
      first = last + 1;
    }
  }
  for (int low = 6; low >= 0; low--) {
    if (low < dc) means(c, low + 1, low);
    for (int part = 0; part < c->num_components; part++) {
      for (int first = 1; first <= 63;) {
        int last = first, wanted = lows[part][first] > low;
        while (last < 63 && (lows[part][last + 1] > low) == wanted) last++;
        if (wanted) refine(part, first, last, low);
        first = last + 1;
      }
    }
  }
}

/* What mozjpeg and jpegrescan search through: a split of the frequencies, precision in luma and chroma. */
static void searched_script(const struct jpeg_compress_struct *c) {
  static const int splits[] = {0, 2, 5, 8, 12, 18};
  int all = c->num_components;
  means(c, 0, 0);
  for (int part = 0; part < all; part++) {
    int low = below(part ? 3 : 4), split = splits[below(6)];
    if (split) scan(1, part, 1, split, 0, low);
    scan(1, part, split + 1, 63, 0, low);
    for (int bit = low - 1; bit >= 0; bit--) scan(1, part, 1, 63, bit + 1, bit);
  }
}

static void sampling(struct jpeg_compress_struct *c) {
  static const int usual[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {4, 2}, {2, 4},
                                 {4, 4}, {3, 1}, {1, 3}, {3, 2}, {2, 3}, {3, 3}};
  if (below(3)) {
    const int *pick = usual[below(3) ? below(4) : below(14)];
    for (int n = 0; n < c->num_components; n++) {
      int whole = n == 0 || (n == 3 && below(2));
      c->comp_info[n].h_samp_factor = whole ? pick[0] : 1;
      c->comp_info[n].v_samp_factor = whole ? pick[1] : 1;
    }
  } else {
    for (int n = 0; n < c->num_components; n++) {
      c->comp_info[n].h_samp_factor = 1 + below(4);
      c->comp_info[n].v_samp_factor = 1 + below(4);
    }
  }
  /* Ratios that are no whole numbers nobody decodes. */
  int h = 1, v = 1;
  for (int n = 0; n < c->num_components; n++) {
    jpeg_component_info *part = &c->comp_info[n];
    if (part->h_samp_factor > h) h = part->h_samp_factor;
    if (part->v_samp_factor > v) v = part->v_samp_factor;
  }
  for (int n = 0; n < c->num_components; n++) {
    jpeg_component_info *part = &c->comp_info[n];
    if (h % part->h_samp_factor) part->h_samp_factor = 1;
    if (v % part->v_samp_factor) part->v_samp_factor = 1;
    SAY(" %dx%d", part->h_samp_factor, part->v_samp_factor);
  }
}

static void quantisation(struct jpeg_compress_struct *c) {
  int quality = below(4) ? 1 + below(100) : 70 + below(30), narrow = below(2);
  SAY(" q%d%s", quality, narrow ? "" : " wide");
  jpeg_set_quality(c, quality, narrow);
  if (below(8) == 0) {
    unsigned int table[64];
    int most = 1 << below(9);
    for (int k = 0; k < 64; k++) table[k] = 1 + below(most);
    SAY(" steps to %d", most);
    for (int slot = 0; slot < 4; slot++) jpeg_add_quant_table(c, slot, table, 100, FALSE);
    for (int n = 0; n < c->num_components; n++) c->comp_info[n].quant_tbl_no = below(4);
  }
}

static void coding(struct jpeg_compress_struct *c) {
  int all = c->num_components, kind = below(10), fits = together(c, 0, all);
  scans = 0;
  if (kind < 3) {
    SAY(" sequential");
    c->optimize_coding = below(2);
    if (!fits || below(6) == 0)
      for (int n = 0; n < all; n++) scan(1, n, 0, 63, 0, 0);
  } else if (kind < 5) {
    SAY(" progressive");
    jpeg_simple_progression(c);
    if (!fits) scans = 0, free_script(c);
  } else if (kind < 7) {
    SAY(" searched");
    searched_script(c);
  } else {
    SAY(" script");
    free_script(c);
  }
  if (scans) {
    c->scan_info = script;
    c->num_scans = scans;
    SAY(" of %d", scans);
  }
  if (below(7) == 0) {
    SAY(" arithmetic");
    c->arith_code = TRUE;
    c->optimize_coding = FALSE;
    for (int slot = 0; slot < 4 && below(2); slot++) {
      c->arith_dc_L[slot] = below(3);
      c->arith_dc_U[slot] = c->arith_dc_L[slot] + below(4);
      c->arith_ac_K[slot] = 1 + below(20);
    }
  }
  if (below(3) == 0) {
    if (below(2)) c->restart_interval = 1 + below(below(2) ? 8 : 300);
    else c->restart_in_rows = 1 + below(3);
    SAY(" restart %d/%d", c->restart_interval, c->restart_in_rows);
  }
}

static int encode(struct file *out) {
  struct jpeg_compress_struct c;
  struct failure failure;
  byte *volatile pixels = NULL;
  c.err = errors(&failure);
  jpeg_create_compress(&c);
  if (setjmp(failure.back)) {
    jpeg_destroy_compress(&c);
    free(pixels);
    return 0;
  }
  static const J_COLOR_SPACE spaces[] = {JCS_GRAYSCALE, JCS_YCbCr, JCS_YCbCr, JCS_RGB, JCS_CMYK, JCS_YCCK};
  static const char *names[] = {"grey", "ycc", "ycc", "rgb", "cmyk", "ycck"};
  int space = below(6), way = below(40), rare = below(4000), width, height;
  /* More blocks than a run of ended ones can be long; as wide and as high as libjpeg lets. */
  if (rare == 0) width = 1500 + below(1500), height = 1500 + below(800);
  else if (rare == 1) width = 65500 - below(3), height = 1 + below(20);
  else if (rare == 2) width = 1 + below(20), height = 65500 - below(3);
  else if (way < 28) width = 1 + below(72), height = 1 + below(72);
  else if (way < 36) width = 1 + below(160), height = 1 + below(120);
  else if (way < 38) width = 1 + below(500), height = 1 + below(200);
  else if (way < 39) width = 500 + below(3500), height = 1 + below(24);
  else width = 1 + below(24), height = 300 + below(2000);
  c.image_width = width;
  c.image_height = height;
  c.in_color_space = spaces[space];
  c.input_components = space == 0 ? 1 : space < 4 ? 3 : 4;
  jpeg_set_defaults(&c);
  jpeg_set_colorspace(&c, spaces[space]);
  SAY("%dx%d %s", width, height, names[space]);
  pixels = malloc((size_t)width * height * c.input_components);
  SAY(" %s", scene(pixels, width, height, c.input_components));
  sampling(&c);
  quantisation(&c);
  coding(&c);
  out->bytes = NULL;
  out->length = 0;
  jpeg_mem_dest(&c, &out->bytes, &out->length);
  jpeg_start_compress(&c, TRUE);
  while (c.next_scanline < c.image_height) {
    JSAMPROW row = pixels + (size_t)c.next_scanline * width * c.input_components;
    jpeg_write_scanlines(&c, &row, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  free(pixels);
  return 1;
}

/* What writers other than libjpeg do to a file: fill bytes before markers, standard tables left out, no Adobe. */
static void bend(struct file *file) {
  int fill = below(6) == 0, bare = below(6) == 0, plain = below(6) == 0;
  byte *out = malloc(2 * file->length + 16);
  unsigned long to = 0, at = 2, scanning = 0;
  static struct file tables;
  if (!tables.bytes) {
    struct jpeg_compress_struct c;
    struct failure failure;
    c.err = errors(&failure);
    jpeg_create_compress(&c);
    c.in_color_space = JCS_YCbCr;
    c.input_components = 3;
    jpeg_set_defaults(&c);
    jpeg_mem_dest(&c, &tables.bytes, &tables.length);
    jpeg_write_tables(&c);
    jpeg_destroy_compress(&c);
  }
  memcpy(out, file->bytes, 2), to = 2;
  while (at < file->length) {
    byte *from = file->bytes + at;
    if (from[0] != 0xFF || from[1] == 0) {
      out[to++] = from[0];
      if (from[0] == 0xFF) out[to++] = 0, at++;
      at++;
      continue;
    }
    int marker = from[1], alone = (marker >= 0xD0 && marker <= 0xD9) || marker == 1;
    unsigned long length = alone ? 2 : 2 + (from[2] << 8 | from[3]);
    int drop = 0;
    if (bare && marker == 0xC4) {
      for (unsigned long n = 0; n + length <= tables.length && !drop; n++)
        drop = memcmp(tables.bytes + n, from, length) == 0;
      if (drop) SAY(" bare");
    }
    if (plain && marker == 0xEE) drop = 1, SAY(" no-adobe");
    if (!drop) {
      if (fill && below(2)) {
        if (!scanning) SAY(" filled");
        scanning = 1;
        for (int n = 1 + below(5); n > 0; n--) out[to++] = 0xFF;
      }
      memcpy(out + to, from, length), to += length;
    }
    at += length;
    if (to + 1024 > 2 * file->length) fill = 0;
  }
  free(file->bytes);
  file->bytes = out;
  file->length = to;
}

static void put(const void *bytes, size_t length) {
  if (fwrite(bytes, 1, length, stdout) != length) exit(2);
}

static void number(uint32_t n) { put(&n, 4); }

/* Header, coefficients of whole components in natural order, and the lossless sequential twin. */
static int transcode(const struct file *file, struct file *twin) {
  struct jpeg_decompress_struct d;
  struct jpeg_compress_struct c;
  struct failure failure;
  d.err = c.err = errors(&failure);
  jpeg_create_decompress(&d);
  jpeg_create_compress(&c);
  if (setjmp(failure.back)) {
    jpeg_destroy_compress(&c);
    jpeg_destroy_decompress(&d);
    return 0;
  }
  jpeg_mem_src(&d, file->bytes, file->length);
  jpeg_read_header(&d, TRUE);
  jvirt_barray_ptr *arrays = jpeg_read_coefficients(&d);
  jpeg_copy_critical_parameters(&d, &c);
  c.optimize_coding = TRUE;
  c.arith_code = FALSE;
  if (!together(&c, 0, c.num_components)) {
    scans = 0;
    for (int n = 0; n < c.num_components; n++) scan(1, n, 0, 63, 0, 0);
    c.scan_info = script;
    c.num_scans = scans;
  }
  twin->bytes = NULL;
  twin->length = 0;
  jpeg_mem_dest(&c, &twin->bytes, &twin->length);
  jpeg_write_coefficients(&c, arrays);
  jpeg_finish_compress(&c);
  number(twin->length);
  put(twin->bytes, twin->length);
  number(d.image_width);
  number(d.image_height);
  number(d.jpeg_color_space);
  number(d.num_components);
  for (int n = 0; n < d.num_components; n++) {
    jpeg_component_info *part = &d.comp_info[n];
    number(part->width_in_blocks);
    number(part->height_in_blocks);
    put(part->quant_table->quantval, 64 * sizeof(UINT16));
    for (JDIMENSION row = 0; row < part->height_in_blocks; row++) {
      JBLOCKARRAY line = d.mem->access_virt_barray((j_common_ptr)&d, arrays[n], row, 1, FALSE);
      put(line[0], part->width_in_blocks * sizeof(JBLOCK));
    }
  }
  int warnings = d.err->num_warnings;
  jpeg_destroy_compress(&c);
  jpeg_finish_decompress(&d);
  jpeg_destroy_decompress(&d);
  free(twin->bytes);
  return warnings == 0;
}

/* The planes at a scale, as the inverse transform leaves them. */
static int planes(const struct file *file, int eighths) {
  struct jpeg_decompress_struct d;
  struct failure failure;
  d.err = errors(&failure);
  jpeg_create_decompress(&d);
  if (setjmp(failure.back)) return 0;
  jpeg_mem_src(&d, file->bytes, file->length);
  jpeg_read_header(&d, TRUE);
  d.raw_data_out = TRUE;
  d.dct_method = JDCT_ISLOW;
  d.do_fancy_upsampling = FALSE;
  d.do_block_smoothing = FALSE;
  d.scale_num = eighths;
  d.scale_denom = 8;
  jpeg_start_decompress(&d);
  JSAMPARRAY rows[4];
  byte *samples[4];
  size_t stride[4];
  int lines = d.max_v_samp_factor * d.min_DCT_scaled_size;
  unsigned steps = (d.output_height + lines - 1) / lines;
  for (int n = 0; n < d.num_components; n++) {
    jpeg_component_info *part = &d.comp_info[n];
    int high = part->v_samp_factor * part->DCT_scaled_size;
    stride[n] = ((size_t)part->width_in_blocks + 8) * 8;
    samples[n] = malloc(stride[n] * high * steps);
    rows[n] = malloc(high * sizeof(JSAMPROW));
  }
  for (unsigned step = 0; step < steps; step++) {
    for (int n = 0; n < d.num_components; n++) {
      int high = d.comp_info[n].v_samp_factor * d.comp_info[n].DCT_scaled_size;
      for (int y = 0; y < high; y++) rows[n][y] = samples[n] + stride[n] * (step * high + y);
    }
    if (jpeg_read_raw_data(&d, rows, lines) == 0) exit(3);
  }
  for (int n = 0; n < d.num_components; n++) {
    jpeg_component_info *part = &d.comp_info[n];
    number(part->DCT_scaled_size);
    number(part->downsampled_width);
    number(part->downsampled_height);
    for (JDIMENSION y = 0; y < part->downsampled_height; y++)
      put(samples[n] + stride[n] * y, part->downsampled_width);
    free(samples[n]);
    free(rows[n]);
  }
  jpeg_finish_decompress(&d);
  jpeg_destroy_decompress(&d);
  return 1;
}

static int make(uint64_t first, uint64_t count, int alone) {
  for (uint64_t seed = first; seed < first + count; seed++) {
    struct file file, twin;
    noise_from(seed);
    words[0] = 0;
    if (!encode(&file)) {
      fprintf(stderr, "seed %llu: libjpeg-turbo does not write: %s\n", (unsigned long long)seed, words);
      return 1;
    }
    bend(&file);
    if (alone) {
      put(&seed, 8);
      number(file.length);
      put(file.bytes, file.length);
      free(file.bytes);
      continue;
    }
    put("JPEG", 4);
    put(&seed, 8);
    number(strlen(words));
    put(words, strlen(words));
    number(file.length);
    put(file.bytes, file.length);
    int sound = transcode(&file, &twin);
    for (int scale = 1; scale <= 8; scale *= 2) sound &= planes(&file, scale);
    if (!sound) {
      fprintf(stderr, "seed %llu: libjpeg-turbo does not read: %s\n", (unsigned long long)seed, words);
      return 1;
    }
    free(file.bytes);
  }
  return 0;
}

/* Reads a file's coefficients; the caller destroys. */
static jvirt_barray_ptr *open_file(struct jpeg_decompress_struct *d, const struct file *file) {
  jpeg_create_decompress(d);
  jpeg_mem_src(d, file->bytes, file->length);
  jpeg_read_header(d, TRUE);
  return jpeg_read_coefficients(d);
}

static int alike(const struct file *a, const struct file *b) {
  struct jpeg_decompress_struct x, y;
  struct failure failure;
  x.err = y.err = errors(&failure);
  if (setjmp(failure.back)) return 0;
  jvirt_barray_ptr *left = open_file(&x, a), *right = open_file(&y, b);
  int same = x.num_components == y.num_components && x.image_width == y.image_width &&
             x.image_height == y.image_height;
  for (int n = 0; same && n < x.num_components; n++) {
    jpeg_component_info *p = &x.comp_info[n], *q = &y.comp_info[n];
    same = p->width_in_blocks == q->width_in_blocks && p->height_in_blocks == q->height_in_blocks &&
           memcmp(p->quant_table->quantval, q->quant_table->quantval, sizeof p->quant_table->quantval) == 0;
    for (JDIMENSION row = 0; same && row < p->height_in_blocks; row++) {
      JBLOCKARRAY l = x.mem->access_virt_barray((j_common_ptr)&x, left[n], row, 1, FALSE);
      JBLOCKARRAY r = y.mem->access_virt_barray((j_common_ptr)&y, right[n], row, 1, FALSE);
      same = memcmp(l[0], r[0], p->width_in_blocks * sizeof(JBLOCK)) == 0;
    }
  }
  same = same && failure.base.num_warnings == 0;
  jpeg_destroy_decompress(&x);
  jpeg_destroy_decompress(&y);
  return same;
}

static int same(void) {
  unsigned long pairs = 0, wrong = 0;
  uint64_t seed;
  while (fread(&seed, 8, 1, stdin) == 1) {
    struct file files[2];
    for (int n = 0; n < 2; n++) {
      uint32_t length;
      if (fread(&length, 4, 1, stdin) != 1) return 2;
      files[n].bytes = malloc(length + 1);
      files[n].length = length;
      if (fread(files[n].bytes, 1, length, stdin) != length) return 2;
    }
    pairs++;
    if (!alike(&files[0], &files[1])) {
      wrong++;
      printf("seed %llu: the recoded file has other coefficients\n", (unsigned long long)seed);
    }
    free(files[0].bytes);
    free(files[1].bytes);
  }
  printf("recoded files read by libjpeg-turbo: %lu, with other coefficients: %lu\n", pairs, wrong);
  return wrong > 0;
}

int main(int count, char **words) {
  if (count == 4 && (strcmp(words[1], "make") == 0 || strcmp(words[1], "files") == 0))
    return make(strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10), words[1][0] == 'f');
  if (count == 2 && strcmp(words[1], "same") == 0) return same();
  fprintf(stderr, "usage: peer make|files FIRST COUNT | peer same\n");
  return 2;
}
