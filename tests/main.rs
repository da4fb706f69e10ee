//! One binary, one module per question.

mod architecture;
mod plan;
