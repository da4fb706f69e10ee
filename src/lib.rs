//! cldgate
