/* SPDX-License-Identifier: Apache-2.0
 * GENERATED from harness/wire/messages.py by `python -m harness.wire.cheader --write`; do not edit.
 *
 * HIL_<MESSAGE>_AT_<FIELD> is the field's offset in the body (little endian). If its size varies,
 * HIL_<MESSAGE>_VARIES_AT is where its first varying field begins; else HIL_<MESSAGE>_BYTES is it. */
#ifndef HIL_WIRE_MESSAGES_H
#define HIL_WIRE_MESSAGES_H

enum {
    HIL_WIRE_PROTOCOL = 2,
    HIL_WIRE_OVERHEAD = 7, /* type, seq and crc: bytes of a frame beside its body */
    HIL_WIRE_HELLO_MAX_FRAME = 512, /* largest unencoded frame before HELLO */
    HIL_WIRE_MAX_CHIP_ID = 16, /* bytes of a chip's unique id in HELLO */
    HIL_WIRE_FOLLOWS = 4, /* bit of an encoding: the sample goes on from the memory of the one before it */
    HIL_WIRE_MAX_MISSING = 8, /* offsets that a slot of STATUS lists at most */
    HIL_WIRE_MAX_NOTICES = 4, /* bad frames in a row that are answered with DAMAGED */
    HIL_WIRE_MAX_LAYERS = 32, /* layers that LAYERS lists at most */
    HIL_WIRE_MAX_STAGES = 12, /* stages of a front end that a hop's report has room for */
    HIL_WIRE_PIECE_LENGTH_BITS = 13 /* lower bits of a piece's first two bytes; above: encoding */
};
#define HIL_WIRE_NO_SAMPLE 0xFFFFFFFFu

/* Types. Bit 7: from board to host. */
enum {
    HIL_MSG_HELLO_REQUEST = 0x01,
    HIL_MSG_HELLO = 0x81,
    HIL_MSG_CHUNK = 0x02,
    HIL_MSG_CHUNKS = 0x04,
    HIL_MSG_RESULT = 0x82,
    HIL_MSG_STATUS_REQUEST = 0x03,
    HIL_MSG_STATUS = 0x83,
    HIL_MSG_NEED = 0x84,
    HIL_MSG_RESULT_REQUEST = 0x05,
    HIL_MSG_FAULT_REQUEST = 0x06,
    HIL_MSG_FAULT = 0x86,
    HIL_MSG_BAUD_REQUEST = 0x07,
    HIL_MSG_BAUD = 0x87,
    HIL_MSG_PING = 0x08,
    HIL_MSG_PONG = 0x88,
    HIL_MSG_BOOT = 0x89,
    HIL_MSG_DAMAGED = 0x8E,
    HIL_MSG_LOG = 0x8F,
    HIL_MSG_ERROR = 0x8A,
    HIL_MSG_LAYERS_REQUEST = 0x0B,
    HIL_MSG_LAYERS = 0x8B,
    HIL_MSG_LAYER_DATA_REQUEST = 0x0C,
    HIL_MSG_LAYER_DATA = 0x8C,
    HIL_MSG_FRONT_END_REQUEST = 0x0D,
    HIL_MSG_FRONT_END = 0x8D
};

/* dtype of a tensor */
enum {
    HIL_DTYPE_FLOAT32 = 0,
    HIL_DTYPE_INT8 = 1,
    HIL_DTYPE_UINT8 = 2,
    HIL_DTYPE_INT16 = 3,
    HIL_DTYPE_INT32 = 4
};

/* reset_cause */
enum {
    HIL_RESET_UNKNOWN = 0,
    HIL_RESET_POWER = 1,
    HIL_RESET_PIN = 2,
    HIL_RESET_SOFTWARE = 3,
    HIL_RESET_WATCHDOG = 4,
    HIL_RESET_FAULT = 5
};

/* clock_source of HELLO */
enum {
    HIL_CLOCK_UNKNOWN = 0,
    HIL_CLOCK_INTERNAL = 1,
    HIL_CLOCK_EXTERNAL = 2
};

/* flags of HELLO and BOOT, bits */
enum {
    HIL_FLAG_FAULT_KEPT = 1,
    HIL_FLAG_SAMPLE_LOST = 2
};

/* capabilities of HELLO, bits */
enum {
    HIL_WIRE_CAP_CYCLES = 1,
    HIL_WIRE_CAP_ZERO_RUNS = 2,
    HIL_WIRE_CAP_BAUD = 4,
    HIL_WIRE_CAP_LAYERS = 8,
    HIL_WIRE_CAP_FAULT = 16,
    HIL_WIRE_CAP_FILL_RUNS = 32,
    HIL_WIRE_CAP_DIFFERENCES = 64,
    HIL_WIRE_CAP_CHUNKS = 128,
    HIL_WIRE_CAP_STREAM = 256,
    HIL_WIRE_CAP_STATE = 512
};

/* code of ERROR */
enum {
    HIL_ERR_PROTOCOL = 1,
    HIL_ERR_UNKNOWN_TYPE = 2,
    HIL_ERR_MALFORMED = 3,
    HIL_ERR_NO_SESSION = 4,
    HIL_ERR_NO_SLOT = 5,
    HIL_ERR_BAD_CHUNK = 6,
    HIL_ERR_UNKNOWN_SAMPLE = 7,
    HIL_ERR_BUSY = 8,
    HIL_ERR_ENGINE = 9,
    HIL_ERR_NO_LAYER = 10
};

/* status of RESULT */
enum {
    HIL_RESULT_STATUS_OK = 0,
    HIL_RESULT_STATUS_ENGINE = 1,
    HIL_RESULT_STATUS_INPUT_CHANGED = 2,
    HIL_RESULT_STATUS_NO_STATE = 3
};

/* asked of a hop, bits */
enum {
    HIL_HOP_ASKED_STAGES = 1
};

/* done of a hop's report, bits */
enum {
    HIL_HOP_DONE_WINDOW = 1,
    HIL_HOP_DONE_NETWORK = 2
};

/* state of a slot in STATUS */
enum {
    HIL_SLOT_STATE_RECEIVING = 0,
    HIL_SLOT_STATE_WAITING = 1,
    HIL_SLOT_STATE_RUNNING = 2
};

/* status of BAUD */
enum {
    HIL_BAUD_STATUS_OK = 0,
    HIL_BAUD_STATUS_UNSUPPORTED = 1
};

/* encoding of CHUNK */
enum {
    HIL_ENCODING_RAW = 0,
    HIL_ENCODING_ZERO_RUNS = 1,
    HIL_ENCODING_FILL_RUNS = 2,
    HIL_ENCODING_DIFFERENCES = 3
};

/* HELLO_REQUEST: protocol:u8 session:u32 */
enum {
    HIL_HELLO_REQUEST_AT_PROTOCOL = 0,
    HIL_HELLO_REQUEST_AT_SESSION = 1,
    HIL_HELLO_REQUEST_BYTES = 5
};

/* HELLO: protocol:u8 session:u32 boot:u32 reset_cause:u8 flags:u8 slots:u8 max_frame:u16 chunk_bytes:u16 clock_hz:u32
 * clock_source:u8 capabilities:u32 model_sha256:u8[32] chip_id:bytes8 board:str8 build_id:str8 engine:str8
 * engine_version:str8 bauds:list8<u32> inputs:list8<tensor> outputs:list8<tensor> */
enum {
    HIL_HELLO_AT_PROTOCOL = 0,
    HIL_HELLO_AT_SESSION = 1,
    HIL_HELLO_AT_BOOT = 5,
    HIL_HELLO_AT_RESET_CAUSE = 9,
    HIL_HELLO_AT_FLAGS = 10,
    HIL_HELLO_AT_SLOTS = 11,
    HIL_HELLO_AT_MAX_FRAME = 12,
    HIL_HELLO_AT_CHUNK_BYTES = 14,
    HIL_HELLO_AT_CLOCK_HZ = 16,
    HIL_HELLO_AT_CLOCK_SOURCE = 20,
    HIL_HELLO_AT_CAPABILITIES = 21,
    HIL_HELLO_AT_MODEL_SHA256 = 25,
    HIL_HELLO_AT_CHIP_ID = 57,
    HIL_HELLO_VARIES_AT = 57
};

/* CHUNK: sample:u32 offset:u32 encoding:u8 data:bytes */
enum {
    HIL_CHUNK_AT_SAMPLE = 0,
    HIL_CHUNK_AT_OFFSET = 4,
    HIL_CHUNK_AT_ENCODING = 8,
    HIL_CHUNK_AT_DATA = 9,
    HIL_CHUNK_VARIES_AT = 9
};

/* CHUNKS: sample:u32 chunk:u16 items:items<piece> */
enum {
    HIL_CHUNKS_AT_SAMPLE = 0,
    HIL_CHUNKS_AT_CHUNK = 4,
    HIL_CHUNKS_AT_ITEMS = 6,
    HIL_CHUNKS_VARIES_AT = 6
};

/* RESULT: sample:u32 status:u8 free_slots:u8 cycles:u64 input_crc:u32 total:u32 offset:u32 data:bytes */
enum {
    HIL_RESULT_AT_SAMPLE = 0,
    HIL_RESULT_AT_STATUS = 4,
    HIL_RESULT_AT_FREE_SLOTS = 5,
    HIL_RESULT_AT_CYCLES = 6,
    HIL_RESULT_AT_INPUT_CRC = 14,
    HIL_RESULT_AT_TOTAL = 18,
    HIL_RESULT_AT_OFFSET = 22,
    HIL_RESULT_AT_DATA = 26,
    HIL_RESULT_VARIES_AT = 26
};

/* STATUS: session:u32 boot:u32 frames_ok:u32 frames_bad:u32 overruns:u32 stack_bytes:u32 stack_size:u32 bytes_rx:u32
 * bytes_overlapped:u32 slots:list8<slot> */
enum {
    HIL_STATUS_AT_SESSION = 0,
    HIL_STATUS_AT_BOOT = 4,
    HIL_STATUS_AT_FRAMES_OK = 8,
    HIL_STATUS_AT_FRAMES_BAD = 12,
    HIL_STATUS_AT_OVERRUNS = 16,
    HIL_STATUS_AT_STACK_BYTES = 20,
    HIL_STATUS_AT_STACK_SIZE = 24,
    HIL_STATUS_AT_BYTES_RX = 28,
    HIL_STATUS_AT_BYTES_OVERLAPPED = 32,
    HIL_STATUS_AT_SLOTS = 36,
    HIL_STATUS_VARIES_AT = 36
};

/* NEED: sample:u32 offsets:list8<u32> */
enum {
    HIL_NEED_AT_SAMPLE = 0,
    HIL_NEED_AT_OFFSETS = 4,
    HIL_NEED_VARIES_AT = 4
};

/* RESULT_REQUEST: sample:u32 */
enum {
    HIL_RESULT_REQUEST_AT_SAMPLE = 0,
    HIL_RESULT_REQUEST_BYTES = 4
};

/* FAULT_REQUEST: clear:u8 */
enum {
    HIL_FAULT_REQUEST_AT_CLEAR = 0,
    HIL_FAULT_REQUEST_BYTES = 1
};

/* FAULT: valid:u8 pc:u32 lr:u32 psr:u32 sp:u32 cfsr:u32 hfsr:u32 bfar:u32 mmfar:u32 exception:u32 last_type:u8
 * sample:u32 backtrace:list8<u32> stack:bytes */
enum {
    HIL_FAULT_AT_VALID = 0,
    HIL_FAULT_AT_PC = 1,
    HIL_FAULT_AT_LR = 5,
    HIL_FAULT_AT_PSR = 9,
    HIL_FAULT_AT_SP = 13,
    HIL_FAULT_AT_CFSR = 17,
    HIL_FAULT_AT_HFSR = 21,
    HIL_FAULT_AT_BFAR = 25,
    HIL_FAULT_AT_MMFAR = 29,
    HIL_FAULT_AT_EXCEPTION = 33,
    HIL_FAULT_AT_LAST_TYPE = 37,
    HIL_FAULT_AT_SAMPLE = 38,
    HIL_FAULT_AT_BACKTRACE = 42,
    HIL_FAULT_VARIES_AT = 42
};

/* BAUD_REQUEST: baud:u32 */
enum {
    HIL_BAUD_REQUEST_AT_BAUD = 0,
    HIL_BAUD_REQUEST_BYTES = 4
};

/* BAUD: baud:u32 status:u8 */
enum {
    HIL_BAUD_AT_BAUD = 0,
    HIL_BAUD_AT_STATUS = 4,
    HIL_BAUD_BYTES = 5
};

/* PING: data:bytes */
enum {
    HIL_PING_AT_DATA = 0,
    HIL_PING_VARIES_AT = 0
};

/* PONG: data:bytes */
enum {
    HIL_PONG_AT_DATA = 0,
    HIL_PONG_VARIES_AT = 0
};

/* BOOT: boot:u32 reset_cause:u8 flags:u8 */
enum {
    HIL_BOOT_AT_BOOT = 0,
    HIL_BOOT_AT_RESET_CAUSE = 4,
    HIL_BOOT_AT_FLAGS = 5,
    HIL_BOOT_BYTES = 6
};

/* DAMAGED: seq:u16 */
enum {
    HIL_DAMAGED_AT_SEQ = 0,
    HIL_DAMAGED_BYTES = 2
};

/* LOG: text:bytes */
enum {
    HIL_LOG_AT_TEXT = 0,
    HIL_LOG_VARIES_AT = 0
};

/* ERROR: code:u8 type:u8 seq:u16 text:str8 */
enum {
    HIL_ERROR_AT_CODE = 0,
    HIL_ERROR_AT_TYPE = 1,
    HIL_ERROR_AT_SEQ = 2,
    HIL_ERROR_AT_TEXT = 4,
    HIL_ERROR_VARIES_AT = 4
};

/* LAYERS_REQUEST: input_crc:u32 first:u16 */
enum {
    HIL_LAYERS_REQUEST_AT_INPUT_CRC = 0,
    HIL_LAYERS_REQUEST_AT_FIRST = 4,
    HIL_LAYERS_REQUEST_BYTES = 6
};

/* LAYERS: input_crc:u32 n_layers:u16 first:u16 layers:list8<layer> */
enum {
    HIL_LAYERS_AT_INPUT_CRC = 0,
    HIL_LAYERS_AT_N_LAYERS = 4,
    HIL_LAYERS_AT_FIRST = 6,
    HIL_LAYERS_AT_LAYERS = 8,
    HIL_LAYERS_VARIES_AT = 8
};

/* LAYER_DATA_REQUEST: input_crc:u32 layer:u16 offset:u32 bytes:u32 */
enum {
    HIL_LAYER_DATA_REQUEST_AT_INPUT_CRC = 0,
    HIL_LAYER_DATA_REQUEST_AT_LAYER = 4,
    HIL_LAYER_DATA_REQUEST_AT_OFFSET = 6,
    HIL_LAYER_DATA_REQUEST_AT_BYTES = 10,
    HIL_LAYER_DATA_REQUEST_BYTES = 14
};

/* LAYER_DATA: input_crc:u32 layer:u16 total:u32 offset:u32 data:bytes */
enum {
    HIL_LAYER_DATA_AT_INPUT_CRC = 0,
    HIL_LAYER_DATA_AT_LAYER = 4,
    HIL_LAYER_DATA_AT_TOTAL = 6,
    HIL_LAYER_DATA_AT_OFFSET = 10,
    HIL_LAYER_DATA_AT_DATA = 14,
    HIL_LAYER_DATA_VARIES_AT = 14
};

/* FRONT_END: tables_sha256:u8[32] sample_hz:u32 window:u32 hop:u32 values:u32 rows:u32 row_dtype:u8 n_stages:u8
 * name:str8 rule:str8 */
enum {
    HIL_FRONT_END_AT_TABLES_SHA256 = 0,
    HIL_FRONT_END_AT_SAMPLE_HZ = 32,
    HIL_FRONT_END_AT_WINDOW = 36,
    HIL_FRONT_END_AT_HOP = 40,
    HIL_FRONT_END_AT_VALUES = 44,
    HIL_FRONT_END_AT_ROWS = 48,
    HIL_FRONT_END_AT_ROW_DTYPE = 52,
    HIL_FRONT_END_AT_N_STAGES = 53,
    HIL_FRONT_END_AT_NAME = 54,
    HIL_FRONT_END_VARIES_AT = 54
};

/* One item of STATUS.slots, of LAYERS.layers, and of HELLO.inputs and outputs */
/* SLOT: sample:u32 state:u8 missing:list8<u32> */
enum {
    HIL_SLOT_AT_SAMPLE = 0,
    HIL_SLOT_AT_STATE = 4,
    HIL_SLOT_AT_MISSING = 5,
    HIL_SLOT_VARIES_AT = 5
};
/* LAYER: op:u16 bytes:u32 cycles:u32 crc:u32 */
enum {
    HIL_LAYER_AT_OP = 0,
    HIL_LAYER_AT_BYTES = 2,
    HIL_LAYER_AT_CYCLES = 6,
    HIL_LAYER_AT_CRC = 10,
    HIL_LAYER_BYTES = 14
};
/* TENSOR: dtype:u8 dims:list8<u16> scale:f32 zero_point:i32 name:str8 */
enum {
    HIL_TENSOR_AT_DTYPE = 0,
    HIL_TENSOR_AT_DIMS = 1,
    HIL_TENSOR_VARIES_AT = 1
};

/* Before the samples of a hop of a recording, and before the outputs in its result */
/* HOP: recording:u32 hop:u32 asked:u32 */
enum {
    HIL_HOP_AT_RECORDING = 0,
    HIL_HOP_AT_HOP = 4,
    HIL_HOP_AT_ASKED = 8,
    HIL_HOP_BYTES = 12
};
/* HOP_REPORT: recording:u32 hop:u32 began:u32 done:u32 window_crc:u32 features_crc:u32 input_crc:u32
 * front_end_cycles:u32 network_cycles:u32 decided:i32 detected:i32 score:i32 stages:u8[48] */
enum {
    HIL_HOP_REPORT_AT_RECORDING = 0,
    HIL_HOP_REPORT_AT_HOP = 4,
    HIL_HOP_REPORT_AT_BEGAN = 8,
    HIL_HOP_REPORT_AT_DONE = 12,
    HIL_HOP_REPORT_AT_WINDOW_CRC = 16,
    HIL_HOP_REPORT_AT_FEATURES_CRC = 20,
    HIL_HOP_REPORT_AT_INPUT_CRC = 24,
    HIL_HOP_REPORT_AT_FRONT_END_CYCLES = 28,
    HIL_HOP_REPORT_AT_NETWORK_CYCLES = 32,
    HIL_HOP_REPORT_AT_DECIDED = 36,
    HIL_HOP_REPORT_AT_DETECTED = 40,
    HIL_HOP_REPORT_AT_SCORE = 44,
    HIL_HOP_REPORT_AT_STAGES = 48,
    HIL_HOP_REPORT_BYTES = 96
};

#endif
