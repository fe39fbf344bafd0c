//! Plots as SVG: a line for each peer, a point for each median.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::report::{Metric, Report};

/// A plot.
struct Plot {
    part: &'static str,
    metric: Metric,
    file: &'static str,
    title: &'static str,
    x: &'static str,
}

const PLOTS: &[Plot] = &[
    Plot {
        part: "warm",
        metric: Metric::Time,
        file: "warm.svg",
        title: "A command, warm, against the length of its stream",
        x: "events of the stream",
    },
    Plot {
        part: "cold",
        metric: Metric::Time,
        file: "cold.svg",
        title: "A command, cold, against the length of its stream",
        x: "events of the stream",
    },
    Plot {
        part: "short",
        metric: Metric::Rate,
        file: "short.svg",
        title: "Requests a second on short streams, against clients",
        x: "clients",
    },
    Plot {
        part: "short",
        metric: Metric::P99,
        file: "short-p99.svg",
        title: "99 of 100 requests on short streams, against clients",
        x: "clients",
    },
    Plot {
        part: "handlers",
        metric: Metric::Rate,
        file: "handlers.svg",
        title: "Commands a second, against the handlers of the application",
        x: "handlers",
    },
    Plot {
        part: "payloads",
        metric: Metric::Rate,
        file: "payloads.svg",
        title: "Commands a second, against the size of the payload",
        x: "bytes",
    },
];

const SIZE: (u32, u32) = (900, 520);

/// A line of a plot: its name, and its points.
pub struct Line {
    /// The name in the legend.
    pub name: String,
    /// The points, in ascending order of x.
    pub points: Vec<(f64, f64)>,
}

/// Draws every plot that has samples. Returns the files and their titles.
///
/// # Errors
///
/// If a file cannot be written.
pub fn all(report: &Report, folder: &Path) -> Result<Vec<(String, String)>> {
    let mut drawn = Vec::new();
    for plot in PLOTS {
        let lines = lines(report, plot);
        if lines.iter().all(|line| line.points.len() < 2) {
            continue;
        }
        let file = folder.join(plot.file);
        draw(
            &file,
            plot.title,
            [plot.x, plot.metric.label()],
            &lines,
            true,
        )?;
        drawn.push((plot.file.to_string(), plot.title.to_string()));
    }
    Ok(drawn)
}

fn lines(report: &Report, plot: &Plot) -> Vec<Line> {
    let peers = report.peers(plot.part);
    let line = |peer: &&str| {
        let mut points = Vec::new();
        for case in report.cases(plot.part) {
            let mut samples = report.of(plot.part).filter(|sample| sample.case == case);
            let x = samples.find_map(|sample| sample.x);
            let y = report.spread(plot.part, case, peer, plot.metric);
            if let (Some(x), Some(y)) = (x, y) {
                points.push((x, y.median));
            }
        }
        Line {
            name: (*peer).to_string(),
            points,
        }
    };
    peers.iter().map(line).collect()
}

/// Draws lines. Either both axes are logarithmic, or none is.
///
/// # Errors
///
/// If the file cannot be written.
pub fn draw(
    file: &Path,
    title: &str,
    [x, y]: [&str; 2],
    lines: &[Line],
    logarithmic: bool,
) -> Result<()> {
    let points = || lines.iter().flat_map(|line| line.points.iter());
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let values = points().map(of);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        match logarithmic {
            true => (low.max(1e-6) / 1.3, high.max(1e-6) * 1.3),
            false => (0.0, high * 1.1 + f64::EPSILON),
        }
    };
    let ((left, right), (bottom, top)) = (bounds(|point| point.0), bounds(|point| point.1));
    let failed = |error: &dyn std::fmt::Display| anyhow!("{}: {error}", file.display());
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|e| failed(&e))?;
    let mut chart = ChartBuilder::on(&area);
    chart
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(70);
    // The linear and the logarithmic chart have different types, so their common code is a macro.
    macro_rules! finish {
        ($chart:expr) => {{
            let mut chart = $chart.map_err(|e| failed(&e))?;
            chart
                .configure_mesh()
                .x_desc(x)
                .y_desc(y)
                .light_line_style(WHITE)
                .x_label_formatter(&|v| label(*v))
                .y_label_formatter(&|v| label(*v))
                .draw()
                .map_err(|e| failed(&e))?;
            for (number, line) in lines.iter().enumerate() {
                let color = Palette99::pick(number).to_rgba();
                chart
                    .draw_series(
                        LineSeries::new(line.points.clone(), color.stroke_width(2)).point_size(3),
                    )
                    .map_err(|e| failed(&e))?
                    .label(line.name.as_str())
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
            }
            chart
                .configure_series_labels()
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.3))
                .position(SeriesLabelPosition::UpperLeft)
                .draw()
                .map_err(|e| failed(&e))?;
        }};
    }
    match logarithmic {
        true => {
            finish!(chart.build_cartesian_2d((left..right).log_scale(), (bottom..top).log_scale()))
        }
        false => finish!(chart.build_cartesian_2d(left..right, bottom..top)),
    }
    area.present().map_err(|e| failed(&e))?;
    Ok(())
}

/// The shortest exact form of a number.
fn label(value: f64) -> String {
    let text = crate::stats::short(value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}
