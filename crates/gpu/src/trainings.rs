//! Trainings of one network that go on at once: their buffers on the device, and one step of all of them.

use std::collections::BTreeMap;

use cubecl::CubeElement;
use cubecl::client::Graph as Recording;
use cubecl::server::Handle;
use netsynth_graph::Graph;

use crate::kernels::adam;
use crate::kernels::norm::{RUNNING, SCHEDULE};
use crate::plan::Plan;
use crate::{Device, GpuError, Parameters, StepOptions, StepRates};

/// Cubes along an axis of a grid, at most.
const MOST_CUBES: u64 = 65_535;

/// Numbers that every kernel finds on the device.
pub(crate) struct Buffers {
    pub(crate) slots: Vec<Handle>,
    pub(crate) images: Handle,
    pub(crate) targets: Handle,
    pub(crate) schedule: Handle,
    /// First image and number of the current step.
    pub(crate) cursor: Handle,
    pub(crate) parameters: Handle,
    pub(crate) first: Handle,
    pub(crate) second: Handle,
    pub(crate) average: Handle,
    pub(crate) gradients: Handle,
    /// `[parts, trainings, n_parameters]`
    pub(crate) partial: Handle,
    pub(crate) parts: Handle,
    /// `[n_parameters]`, of the learning rate
    pub(crate) factors: Handle,
    pub(crate) running: Handle,
    pub(crate) losses: Handle,
}

/// Trainings of one network, in step with each other.
pub struct Trainings {
    pub(crate) device: Device,
    pub(crate) plan: Plan,
    pub(crate) options: StepOptions,
    pub(crate) buffers: Buffers,
    /// The step of each number of images: not seen, run once, or recorded.
    steps: BTreeMap<usize, Option<Recording>>,
    /// Why steps are not replayed, if they are not.
    replay_failure: Option<String>,
}

impl Trainings {
    /// Compiles the network's step and allocates all it needs. Parameters are zero until they are set.
    pub fn new(device: &Device, graph: &Graph, options: StepOptions) -> Result<Self, GpuError> {
        let plan = Plan::new(graph, options.trainings, options.batch)?;
        check_sizes(&plan, &options, device)?;
        let client = &device.client;
        let rows = options.trainings;
        let numbers = plan.parameters.len() * rows;
        let zeros = |count: usize| client.create_from_slice(&vec![0; count * 4]);
        let empty = |count: usize| client.empty(count * 4);
        let running: Vec<f32> = [0.0, 1.0, 0.0, 1.0].repeat(plan.n_running.max(1) * rows);
        let buffers = Buffers {
            slots: plan.memory.slots.iter().map(|&size| empty(size)).collect(),
            images: empty(rows * options.epoch_images * plan.input.elements() as usize),
            targets: empty(rows * options.epoch_images * plan.classes),
            schedule: zeros(options.epoch_steps * SCHEDULE),
            cursor: zeros(2),
            parameters: zeros(numbers),
            first: zeros(numbers),
            second: zeros(numbers),
            average: zeros(numbers),
            gradients: zeros(numbers),
            partial: empty(numbers * plan.most_parts()),
            parts: client.create_from_slice(u32::as_bytes(&plan.parts)),
            factors: client.create_from_slice(f32::as_bytes(&vec![1.0; plan.parameters.len()])),
            running: client.create_from_slice(f32::as_bytes(&running)),
            losses: zeros(rows),
        };
        Ok(Self {
            device: device.clone(),
            plan,
            options,
            buffers,
            steps: BTreeMap::new(),
            replay_failure: None,
        })
    }

    /// Where each layer's numbers lie in a training's parameters.
    pub fn layout(&self) -> &Parameters {
        &self.plan.parameters
    }

    /// Launches of a step by kind.
    pub fn launches(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for launch in &self.plan.launches {
            *kinds.entry(launch.kind()).or_insert(0) += 1;
        }
        kinds
    }

    /// Bytes of activations and gradients, which are allocated once.
    pub fn activation_bytes(&self) -> u64 {
        self.plan.memory.slots.iter().map(|&size| 4 * size as u64).sum()
    }

    /// Why steps are launched one kernel at a time, if they cannot be replayed as one recording.
    pub fn replay_failure(&self) -> Option<&str> {
        self.replay_failure.as_deref()
    }

    /// Sets all parameters, and their averages.
    ///
    /// # Shapes
    /// `[trainings, layout().len()]`
    pub fn set_parameters(&mut self, parameters: &[f32]) -> Result<(), GpuError> {
        self.write("parameters", &self.buffers.parameters, parameters, self.n_numbers(), true)?;
        self.write("parameters", &self.buffers.average, parameters, self.n_numbers(), true)
    }

    /// Sets what each parameter's learning rate is of the step's, the same for all trainings; 1 until then.
    ///
    /// # Shapes
    /// `[layout().len()]`
    pub fn set_rate_factors(&mut self, factors: &[f32]) -> Result<(), GpuError> {
        self.write("rate factors", &self.buffers.factors, factors, self.plan.parameters.len(), true)
    }

    /// Sets the running statistics, and their averages: zeros and ones until then.
    ///
    /// # Shapes
    /// As [`Trainings::running`] gives them.
    pub fn set_running(&mut self, running: &[f32]) -> Result<(), GpuError> {
        self.write("running statistics", &self.buffers.running, running, self.n_running_numbers(), true)
    }

    /// Begins an epoch: its images in the order of the steps, its targets, and a rate for each step. The sum of
    /// losses begins again at zero.
    ///
    /// # Shapes
    /// - images: `[trainings, epoch_images, channels, height, width]`
    /// - targets: `[trainings, epoch_images, classes]`: probabilities, times the image's weight
    /// - rates: one for each step, at most `epoch_steps`
    pub fn begin_epoch(
        &mut self,
        images: &[f32],
        targets: &[f32],
        rates: &[StepRates],
    ) -> Result<(), GpuError> {
        let n_images = self.options.trainings * self.options.epoch_images;
        let pixels = self.plan.input.elements() as usize;
        self.write("images", &self.buffers.images, images, n_images * pixels, true)?;
        self.write("targets", &self.buffers.targets, targets, n_images * self.plan.classes, true)?;
        self.restart(rates)
    }

    /// Begins an epoch with the images that are there already.
    pub fn restart(&mut self, rates: &[StepRates]) -> Result<(), GpuError> {
        let schedule: Vec<f32> = rates.iter().flat_map(|rates| rates.row(&self.options)).collect();
        self.write("rates", &self.buffers.schedule, &schedule, self.options.epoch_steps * SCHEDULE, false)?;
        self.write(
            "losses",
            &self.buffers.losses,
            &vec![0.0; self.options.trainings],
            self.options.trainings,
            true,
        )?;
        self.write("cursor", &self.buffers.cursor, &[0.0; 2], 2, true)
    }

    /// One step of every training, on the epoch's next `images` images. Nothing waits for the device.
    ///
    /// The first step of a number of images compiles its kernels; the second one is recorded, and later ones replay
    /// the recording.
    pub fn step(&mut self, images: usize) -> Result<(), GpuError> {
        if images == 0 || images > self.options.batch {
            return Err(GpuError::Length { what: "step", expected: self.options.batch, found: images });
        }
        match self.steps.get(&images) {
            None => {
                self.launch_step(images);
                self.steps.insert(images, None);
            }
            Some(None) if self.replay_failure.is_none() => match self.record(images) {
                Ok(recording) => {
                    self.steps.insert(images, Some(recording));
                    return self.step(images);
                }
                Err(reason) => {
                    self.replay_failure = Some(reason);
                    self.launch_step(images);
                }
            },
            Some(None) => self.launch_step(images),
            Some(Some(recording)) => {
                // SAFETY: the recording touches only buffers that `self` keeps, from this client's stream.
                #[allow(unsafe_code)]
                let replayed = unsafe { recording.replay() };
                replayed.map_err(|error| GpuError::Device(format!("{error:?}")))?;
            }
        }
        Ok(())
    }

    fn record(&self, images: usize) -> Result<Recording, String> {
        let client = &self.device.client;
        client.graph_prepare().map_err(|error| format!("{error:?}"))?;
        if let Err(error) = client.start_capture() {
            let _ = client.stop_capture();
            return Err(format!("{error:?}"));
        }
        self.launch_step(images);
        client.stop_capture().map_err(|error| format!("{error:?}"))
    }

    /// The losses of the steps since the epoch began, added up: one for each training. Waits for the device.
    pub fn losses(&self) -> Result<Vec<f32>, GpuError> {
        self.read(&self.buffers.losses, self.options.trainings)
    }

    /// `[trainings, layout().len()]`. Waits for the device.
    pub fn parameters(&self) -> Result<Vec<f32>, GpuError> {
        self.read(&self.buffers.parameters, self.n_numbers())
    }

    /// The averages of the parameters: `[trainings, layout().len()]`. Waits for the device.
    pub fn averages(&self) -> Result<Vec<f32>, GpuError> {
        self.read(&self.buffers.average, self.n_numbers())
    }

    /// The last step's gradients, without l2: `[trainings, layout().len()]`. Waits for the device.
    pub fn gradients(&self) -> Result<Vec<f32>, GpuError> {
        self.read(&self.buffers.gradients, self.n_numbers())
    }

    /// Running statistics in the order of the nodes: `[trainings, channels, 4]`: mean, variance, and the averages
    /// of both. Waits for the device.
    pub fn running(&self) -> Result<Vec<f32>, GpuError> {
        self.read(&self.buffers.running, self.n_running_numbers())
    }

    fn n_running_numbers(&self) -> usize {
        self.options.trainings * self.plan.n_running * RUNNING
    }

    /// Waits for the device.
    pub fn finish(&self) -> Result<(), GpuError> {
        self.losses().map(|_| ())
    }

    fn n_numbers(&self) -> usize {
        self.options.trainings * self.plan.parameters.len()
    }

    fn write(
        &self,
        what: &'static str,
        handle: &Handle,
        values: &[f32],
        expected: usize,
        exact: bool,
    ) -> Result<(), GpuError> {
        if values.len() > expected || (exact && values.len() != expected) {
            return Err(GpuError::Length { what, expected, found: values.len() });
        }
        let mut bytes = f32::as_bytes(values).to_vec();
        bytes.resize(expected * 4, 0);
        self.device.client.write(handle, cubecl::bytes::Bytes::from_bytes_vec(bytes));
        Ok(())
    }

    fn read(&self, handle: &Handle, count: usize) -> Result<Vec<f32>, GpuError> {
        let bytes = self.device.client.read_one(handle.clone());
        let bytes = bytes.map_err(|error| GpuError::Device(format!("{error:?}")))?;
        Ok(f32::from_bytes(&bytes)[..count].to_vec())
    }
}

/// Refuses what the device cannot address, and grids that no device has.
fn check_sizes(plan: &Plan, options: &StepOptions, device: &Device) -> Result<(), GpuError> {
    let numbers = options.trainings * plan.parameters.len();
    let epoch = options.trainings * options.epoch_images * plan.input.elements() as usize;
    let activation = plan.memory.slots.iter().copied().max().unwrap_or(0);
    let bytes = device.description().binding_bytes;
    let sizes = [
        ("an activation", 4 * activation, bytes),
        ("the images of an epoch", 4 * epoch, bytes),
        ("the parts of the gradients", 4 * numbers * plan.most_parts(), bytes),
        ("a norm's grid", options.trainings * plan.widest(), MOST_CUBES),
        ("the optimiser's grid", numbers.div_ceil(adam::UNITS), MOST_CUBES),
    ];
    match sizes.into_iter().find(|(_, needed, limit)| *needed as u64 > *limit) {
        Some((what, needed, limit)) => Err(GpuError::TooLarge { what, needed: needed as u64, limit }),
        None => Ok(()),
    }
}
